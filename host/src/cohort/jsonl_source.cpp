#include "cohort/jsonl_source.hpp"

#include <fmt/format.h>

#include "cohort/header.hpp"

namespace muster {
namespace {

namespace json = boost::json;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

JsonlSource::JsonlSource(JsonlOptions options, Waiting waiting)
    : options_(std::move(options)), waiting_(std::move(waiting)) {}

void JsonlSource::open(const Columns& columns) {
  identifier_ = {columns.identifier};
  properties_.clear();
  for (const auto& property : columns.properties) properties_.push_back({property});
  if (options_.id_column) {
    ids_ = {{*options_.id_column}};
  } else {
    ids_ = {{"user_id"}, {"amplitude_id"}, {"id"}};
  }
  files_ = FileSet(options_.pattern);
  as_of_ = files_.written();
  rows_ = 0;
  bytes_before_ = 0;
  open_file(0);
}

void JsonlSource::open_file(std::size_t index) {
  file_ = index;
  const auto& files = files_.files();
  const auto& file = files[index];
  auto name = files.size() == 1 && !options_.shown_as.empty() ? options_.shown_as : file.string();
  if (file == "-") name = "standard input";
  reader_ = std::make_unique<LineReader>(open_byte_stream(file, waiting_), std::move(name));
}

std::optional<Member> JsonlSource::next() {
  std::string_view line;
  do {
    while (!reader_->next(line)) {
      const auto bytes = reader_->progress().done;
      if (bytes == 0 && files_.files().size() > 1) throw empty_part(files_.files()[file_].string());
      bytes_before_ += bytes;
      if (file_ + 1 == files_.files().size()) {
        files_.check_unchanged();
        check_seen();
        return std::nullopt;
      }
      open_file(file_ + 1);
    }
  } while (is_blank(line));
  ++rows_;
  const auto& object = parse(line);
  cells_.clear();
  cells_.push_back(value(object, identifier_));
  for (auto& property : properties_) cells_.push_back(value(object, property));
  std::string id;
  for (auto& wanted : ids_) {
    id = value(object, wanted);
    if (!id.empty()) break;
  }
  cells_.push_back(std::move(id));
  Member member;
  member.line = reader_->line();
  member.identifier = cells_.front();
  member.source_id = cells_.back();
  member.properties.assign(cells_.begin() + 1, cells_.end() - 1);
  return member;
}

const json::object& JsonlSource::parse(std::string_view line) {
  json::error_code failed;
  parser_.reset();
  const auto used = parser_.write_some(line.data(), line.size(), failed);
  const auto rest = failed ? std::string_view{} : line.substr(used);
  if (failed || !is_blank(rest)) {
    throw Error(ErrorKind::kFailed, "jsonl.not_json",
                fmt::format("the line is not JSON: {}",
                            failed ? failed.message() : std::string("text after the object")))
        .at(reader_->where(used + 1))
        .with_hint("each line must be one whole object; nothing was sent");
  }
  parsed_ = parser_.release();
  if (const auto* object = parsed_.if_object()) return *object;
  throw Error(ErrorKind::kFailed, "jsonl.not_an_object", "the line is not a JSON object")
      .at(reader_->where(1))
      .with_hint(R"(each line must be one object, such as {"email": "…"})");
}

//! The value whose key differs from `name` only as an alias does; nullptr: there is none.
const json::value* JsonlSource::alike(const json::object& object, const std::string& name) const {
  const json::value* found = nullptr;
  for (const auto& entry : object) {
    if (!is_alias(entry.key(), name)) continue;
    if (found != nullptr) {
      throw Error(ErrorKind::kFailed, "source.ambiguous_column",
                  fmt::format("more than one key of the object is called '{}'", name))
          .at(reader_->where(1))
          .with_hint("rename all but one; nothing was sent");
    }
    found = &entry.value();
  }
  return found;
}

//! The value as text; empty where the object lacks it.
std::string JsonlSource::value(const json::object& object, Wanted& wanted) {
  const auto* found = object.if_contains(wanted.name);
  if (found == nullptr) found = alike(object, wanted.name);
  if (found == nullptr) return {};
  wanted.seen = true;
  switch (found->kind()) {
    case json::kind::null:
      return {};
    case json::kind::bool_:
      return found->get_bool() ? "true" : "false";
    case json::kind::int64:
      return std::to_string(found->get_int64());
    case json::kind::uint64:
      return std::to_string(found->get_uint64());
    case json::kind::double_:
      return fmt::format("{}", found->get_double());
    case json::kind::string:
      return std::string(found->get_string());
    case json::kind::array:
    case json::kind::object:
      break;
  }
  throw Error(ErrorKind::kFailed, "jsonl.not_a_value",
              fmt::format("'{}' is a list or an object, not a value", wanted.name))
      .at(reader_->where(1))
      .with_hint("name a key that holds a text or a number");
}

//! Keys of a file may be anything, people's data too: they are not listed.
void JsonlSource::check_seen() const {
  if (rows_ == 0) return;
  const auto missing = [&](const Wanted& wanted) {
    if (wanted.seen) return;
    throw Error(ErrorKind::kFailed, "source.missing_column",
                fmt::format("no object has the key '{}'", wanted.name))
        .at(reader_->where(1))
        .with_hint("check the sync's columns against the keys of the file");
  };
  missing(identifier_);
  for (const auto& property : properties_) missing(property);
  if (options_.id_column) missing(ids_.front());
}

Source::Progress JsonlSource::progress() const {
  if (!reader_) return {};
  const auto progress = reader_->progress();
  const bool last = file_ + 1 == files_.files().size();
  return {bytes_before_ + progress.done, last ? bytes_before_ + progress.total : 0};
}

}  // namespace muster
