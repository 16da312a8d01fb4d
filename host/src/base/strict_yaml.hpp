// YAML read strictly (LOAD-2): every value knows its place; unknown and double keys, anchors,
// aliases, tags, several documents and large files are errors that say file:line:column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace muster {

//! A value of a YAML document.
class YamlNode {
 public:
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind() const noexcept { return kind_; }
  bool is_map() const noexcept { return kind_ == Kind::kMap; }
  bool is_list() const noexcept { return kind_ == Kind::kList; }
  bool is_scalar() const noexcept { return kind_ == Kind::kScalar; }
  const std::string& text() const noexcept { return text_; }
  const std::vector<YamlNode>& items() const noexcept { return items_; }
  const std::vector<Entry>& entries() const noexcept { return entries_; }

  //! "file:line:column".
  std::string where() const;
  //! An error at this place.
  Error error(std::string code, std::string message) const;

  // Typed readers; each throws Error when the value is of another form. `name` says what it is for.
  const std::string& as_text(std::string_view name) const;
  bool as_bool(std::string_view name) const;
  std::int64_t as_integer(std::string_view name, std::int64_t least, std::int64_t most) const;
  //! "30%" or a number from 0 to 1; returned as 0 to 1.
  double as_share(std::string_view name) const;
  //! A number with ms, s, m, h or d.
  Milliseconds as_duration(std::string_view name) const;
  const std::vector<YamlNode>& as_list(std::string_view name) const;
  //! The place of the word in `words`.
  std::size_t as_word(std::string_view name, std::initializer_list<const char*> words) const;

  //! Throws unless it is a map with no other keys than these; names the nearest for an unknown one.
  void expect_keys(std::string_view name, std::initializer_list<const char*> keys) const;
  void expect_map(std::string_view name) const;
  //! The value of a key, or nullptr.
  const YamlNode* find(std::string_view key) const noexcept;
  //! The value of a key that must be there.
  const YamlNode& at(std::string_view name, std::string_view key) const;

 private:
  friend class YamlBuilder;
  Kind kind_ = Kind::kNull;
  bool quoted_ = false;
  int line_ = 1;
  int column_ = 1;
  std::shared_ptr<const std::string> file_;
  std::string text_;
  std::vector<YamlNode> items_;
  std::vector<Entry> entries_;
};

struct YamlNode::Entry {
  YamlNode key;
  YamlNode value;
};

//! Parses `text`, calling it `file` in errors.
YamlNode parse_yaml(std::string_view text, const std::string& file);

//! Reads a file of 64 KiB at most; a larger one is cut one byte later, and refused by parse_yaml.
std::string read_text_file(const std::filesystem::path& file);

}  // namespace muster
