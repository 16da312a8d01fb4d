// A cohort in JSON Lines files: an object a line, a person an object. One path, a glob, or standard
// input.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cohort/file_set.hpp"
#include "cohort/line_reader.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

struct JsonlOptions {
  std::filesystem::path pattern;         //!< "-": standard input
  std::string shown_as;                  //!< what errors call it: the path as configured
  std::optional<std::string> id_column;  //!< nothing: user id, Amplitude id or id
};

//! Columns are the keys of the objects; one that an object lacks, or null, is empty. Since objects
//! may lack keys, that a column is missing altogether is known at the end only.
class JsonlSource final : public Source {
 public:
  explicit JsonlSource(JsonlOptions options, Waiting waiting = {});
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override;
  std::vector<SourceNotice> notices() const override { return {}; }
  std::optional<Instant> as_of() const override { return as_of_; }
  void set_heartbeat(std::function<void()> beat) override { waiting_.heartbeat = std::move(beat); }

 private:
  //! A column that is looked for, and whether any object had it.
  struct Wanted {
    std::string name;
    bool seen = false;
  };
  void open_file(std::size_t index);
  const boost::json::object& parse(std::string_view line);
  const boost::json::value* alike(const boost::json::object& object, const std::string& name) const;
  std::string value(const boost::json::object& object, Wanted& wanted);
  void check_seen() const;

  JsonlOptions options_;
  Waiting waiting_;
  Wanted identifier_;
  std::vector<Wanted> properties_;
  std::vector<Wanted> ids_;  //!< the first that an object has is its source id
  FileSet files_;
  std::optional<Instant> as_of_;
  std::size_t file_ = 0;
  std::uint64_t bytes_before_ = 0;  //!< of the files read to their end
  std::unique_ptr<LineReader> reader_;
  std::uint64_t rows_ = 0;
  boost::json::parser parser_;
  boost::json::value parsed_;
  std::vector<std::string> cells_;
};

}  // namespace muster
