#include "base/strict_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "base/nearest.hpp"

namespace muster {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024;
constexpr std::size_t kDeepest = 20;

}  // namespace

//! Builds the tree from the parser's events, refusing what strict YAML has no place for.
class YamlBuilder final : public YAML::EventHandler {
 public:
  explicit YamlBuilder(const std::string& file) : file_(std::make_shared<std::string>(file)) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(node(mark, YamlNode::Kind::kNull, "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw node(mark, YamlNode::Kind::kNull, "", 0)
        .error("yaml.alias", "an alias (*) is not allowed here")
        .with_hint("write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto scalar = node(mark, YamlNode::Kind::kScalar, tag, anchor);
    scalar.quoted_ = tag == "!";
    scalar.text_ = value;
    const bool is_null = !scalar.quoted_ && (value.empty() || value == "~" || value == "null");
    if (is_null) scalar.kind_ = YamlNode::Kind::kNull;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node(mark, YamlNode::Kind::kList, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node(mark, YamlNode::Kind::kMap, tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;
  };

  YamlNode node(const YAML::Mark& mark, YamlNode::Kind kind, const std::string& tag,
                YAML::anchor_t anchor) const {
    YamlNode made;
    made.kind_ = kind;
    made.line_ = mark.line + 1;
    made.column_ = mark.column + 1;
    made.file_ = file_;
    if (anchor != YAML::NullAnchor) {
      throw made.error("yaml.anchor", "an anchor (&) is not allowed here")
          .with_hint("write the value out where it is needed");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw made.error("yaml.tag", "a tag (!) is not allowed here");
    }
    return made;
  }

  void open(YamlNode made) {
    if (open_.size() == kDeepest) throw made.error("yaml.depth", "nested too deeply");
    open_.push_back({std::move(made), {}});
  }

  void close() {
    auto done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode made) {
    if (open_.empty()) {
      root_ = std::move(made);
      return;
    }
    auto& [parent, key] = open_.back();
    if (parent.is_list()) {
      parent.items_.push_back(std::move(made));
    } else if (!key) {
      if (!made.is_scalar()) throw made.error("yaml.key", "a key must be plain text");
      if (parent.find(made.text()) != nullptr) {
        throw made
            .error("yaml.double_key", fmt::format("the key '{}' stands here twice", made.text()))
            .with_hint("keep one of them");
      }
      key = std::move(made);
    } else {
      // yaml-cpp has no place for a value that is not there: its key's is the nearest.
      if (made.kind_ == YamlNode::Kind::kNull) {
        made.line_ = key->line_;
        made.column_ = key->column_;
      }
      parent.entries_.push_back({std::move(*key), std::move(made)});
      key.reset();
    }
  }

  std::shared_ptr<const std::string> file_;
  std::vector<Open> open_;
  YamlNode root_;
};

std::string YamlNode::where() const {
  return fmt::format("{}:{}:{}", file_ ? *file_ : std::string("?"), line_, column_);
}

Error YamlNode::error(std::string code, std::string message) const {
  return Error(ErrorKind::kUsage, std::move(code), std::move(message)).at(where());
}

const std::string& YamlNode::as_text(std::string_view name) const {
  if (is_scalar() && !text_.empty()) return text_;
  throw error("config.type", fmt::format("'{}' must be text", name));
}

bool YamlNode::as_bool(std::string_view name) const {
  if (is_scalar() && !quoted_ && text_ == "true") return true;
  if (is_scalar() && !quoted_ && text_ == "false") return false;
  throw error("config.type", fmt::format("'{}' must be true or false", name));
}

std::int64_t YamlNode::as_integer(std::string_view name, std::int64_t least,
                                  std::int64_t most) const {
  std::int64_t number = 0;
  const auto* end = text_.data() + text_.size();
  const auto parsed = std::from_chars(text_.data(), end, number);
  const bool whole = is_scalar() && !quoted_ && parsed.ec == std::errc{} && parsed.ptr == end;
  if (whole && number >= least && number <= most) return number;
  throw error("config.type",
              fmt::format("'{}' must be a whole number from {} to {}", name, least, most));
}

double YamlNode::as_share(std::string_view name) const {
  double number = -1;
  const auto* end = text_.data() + text_.size();
  const auto parsed = std::from_chars(text_.data(), end, number);
  if (is_scalar() && parsed.ec == std::errc{}) {
    const std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    if (unit == "%") number /= 100;
    if ((unit.empty() || unit == "%") && number >= 0 && number <= 1) return number;
  }
  throw error("config.type",
              fmt::format("'{}' must be a share such as 30%, from 0% to 100%", name));
}

Milliseconds YamlNode::as_duration(std::string_view name) const {
  std::int64_t number = -1;
  const auto* end = text_.data() + text_.size();
  const auto parsed = std::from_chars(text_.data(), end, number);
  if (is_scalar() && parsed.ec == std::errc{} && number >= 0 && number <= 1'000'000'000) {
    using namespace std::chrono;
    const std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    if (unit == "ms") return milliseconds{number};
    if (unit == "s") return seconds{number};
    if (unit == "m") return minutes{number};
    if (unit == "h") return hours{number};
    if (unit == "d") return hours{24 * number};
  }
  throw error("config.type",
              fmt::format("'{}' must be a duration such as 90s, 2m, 1h or 30d", name));
}

const std::vector<YamlNode>& YamlNode::as_list(std::string_view name) const {
  if (is_list()) return items_;
  throw error("config.type", fmt::format("'{}' must be a list", name));
}

std::size_t YamlNode::as_word(std::string_view name,
                              std::initializer_list<const char*> words) const {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const char* word) { return is_scalar() && text_ == word; });
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  throw error("config.word", fmt::format("'{}' must be one of: {}", name, fmt::join(words, ", ")));
}

void YamlNode::expect_map(std::string_view name) const {
  if (!is_map()) throw error("config.type", fmt::format("'{}' must hold keys and values", name));
}

void YamlNode::expect_keys(std::string_view name, std::initializer_list<const char*> keys) const {
  expect_map(name);
  for (const auto& entry : entries_) {
    const auto& key = entry.key;
    const bool known =
        std::any_of(keys.begin(), keys.end(), [&](const char* word) { return key.text() == word; });
    if (known) continue;
    throw key.error("config.unknown_key", fmt::format("unknown key '{}' in {}", key.text(), name))
        .with_hint(did_you_mean(key.text(), {keys.begin(), keys.end()}));
  }
}

const YamlNode* YamlNode::find(std::string_view key) const noexcept {
  for (const auto& entry : entries_) {
    if (entry.key.text() == key) return &entry.value;
  }
  return nullptr;
}

const YamlNode& YamlNode::at(std::string_view name, std::string_view key) const {
  if (const auto* value = find(key)) return *value;
  throw error("config.missing_key", fmt::format("{} needs the key '{}'", name, key));
}

YamlNode parse_yaml(std::string_view text, const std::string& file) {
  const auto refused = [&](const char* code, std::string message) {
    return Error(ErrorKind::kUsage, code, std::move(message)).at(file + ":1:1");
  };
  if (text.size() > kLargestFile) throw refused("yaml.too_large", "the file is larger than 64 KiB");
  if (text.find('\0') != std::string_view::npos) {
    throw refused("yaml.syntax", "the file holds a NUL byte: it is no text");
  }
  YamlBuilder builder(file);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) throw refused("yaml.empty", "the file is empty");
    auto root = builder.take();
    YamlBuilder second(file);
    if (parser.HandleNextDocument(second)) {
      throw refused("yaml.documents", "the file holds more than one document");
    }
    return root;
  } catch (const YAML::Exception& error) {
    throw Error(ErrorKind::kUsage, "yaml.syntax", "not valid YAML: " + error.msg)
        .at(fmt::format("{}:{}:{}", file, error.mark.line + 1, error.mark.column + 1));
  }
}

std::string read_text_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kLargestFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && !in.eof()) {
    throw Error(ErrorKind::kUsage, "config.unreadable", "can't read the file")
        .at(file.string())
        .with_hint("check that it exists and that you may read it");
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace muster
