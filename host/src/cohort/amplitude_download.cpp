#include "cohort/amplitude_download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cohort/header.hpp"

namespace muster {
namespace {

namespace json = boost::json;

// amplitude/api.md §1.5: a job's file is kept for seven days.
constexpr Milliseconds kKept = std::chrono::days(7);

std::int64_t number(Instant instant) { return instant.time_since_epoch().count(); }
Instant instant(const json::value& number) {
  return Instant{Milliseconds{number.to_number<std::int64_t>()}};
}

//! Columns that every file has (amplitude/api.md §1.6).
bool is_given_anyway(const std::string& column) {
  return is_alias(column, "user_id") || is_alias(column, "amplitude_id");
}

std::string text_of(const AmplitudeDownload& download) {
  json::object fields{{"id", download.id},
                      {"asked", number(download.asked)},
                      {"as_of", nullptr},
                      {"archived", download.archived},
                      {"was_read", download.was_read}};
  if (download.as_of) fields["as_of"] = number(*download.as_of);
  return json::serialize(fields);
}

std::optional<AmplitudeDownload> parse(const std::optional<std::string>& stored) {
  if (!stored) return std::nullopt;
  json::error_code failed;
  const auto parsed = json::parse(*stored, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  const auto& fields = parsed.get_object();
  AmplitudeDownload download;
  download.id = fields.at("id").as_string();
  download.asked = instant(fields.at("asked"));
  if (!fields.at("as_of").is_null()) download.as_of = instant(fields.at("as_of"));
  download.archived = fields.at("archived").as_bool();
  download.was_read = fields.at("was_read").as_bool();
  return download;
}

}  // namespace

std::vector<std::string> properties_to_ask(const AmplitudeOptions& options,
                                           const Columns& columns) {
  auto properties = options.properties;
  const auto want = [&](const std::string& column) {
    const bool known = std::any_of(properties.begin(), properties.end(),
                                   [&](const auto& other) { return is_alias(other, column); });
    if (!known && !is_given_anyway(column)) properties.push_back(column);
  };
  want(columns.identifier);
  for (const auto& property : columns.properties) want(property);
  if (options.id_column) want(*options.id_column);
  std::sort(properties.begin(), properties.end());
  return properties;
}

RememberedDownload::RememberedDownload(const SourceEnvironment& environment,
                                       const std::string& project, const std::string& cohort,
                                       const std::vector<std::string>& properties)
    : environment_(environment),
      key_(fmt::format("amplitude/download/{}/{}", project, cohort)),
      archived_key_(fmt::format("amplitude/archived/{}/{}", project, cohort)) {
  for (const auto& property : properties) key_ += '&' + url_encoded(property);
}

void RememberedDownload::note_spent() {
  environment_.memory.update(key_ + "/spent", [&](const auto&) {
    return std::to_string(number(environment_.clock.now()));
  });
}

std::optional<Instant> RememberedDownload::spent() const {
  const auto stored = environment_.memory.get(key_ + "/spent");
  if (!stored) return std::nullopt;
  return Instant{Milliseconds{std::stoll(*stored)}};
}

int RememberedDownload::note_given_up() {
  int count = 0;
  environment_.memory.update(key_ + "/given_up", [&](const auto& stored) {
    count = (stored ? std::stoi(*stored) : 0) + 1;
    return std::to_string(count);
  });
  return count;
}

void RememberedDownload::note_computed() {
  if (!environment_.memory.get(key_ + "/given_up")) return;
  environment_.memory.update(key_ + "/given_up", [](const auto&) { return std::nullopt; });
}

void RememberedDownload::note_archived() {
  environment_.memory.update(archived_key_, [](const auto&) { return std::string("refused"); });
}

bool RememberedDownload::was_refused_as_archived() const {
  return environment_.memory.get(archived_key_).has_value();
}

std::optional<AmplitudeDownload> RememberedDownload::get() const {
  auto download = parse(environment_.memory.get(key_));
  if (!download || environment_.clock.now() - download->asked >= kKept) return std::nullopt;
  const auto& since = environment_.again_since;
  if (download->was_read && (!since || download->asked < *since)) return std::nullopt;
  return download;
}

void RememberedDownload::put(const AmplitudeDownload& download) {
  environment_.memory.update(key_, [&](const auto&) { return text_of(download); });
}

void RememberedDownload::mark_read(const std::string& id) {
  environment_.memory.update(key_, [&](const auto& stored) -> std::optional<std::string> {
    auto download = parse(stored);
    if (!download || download->id != id) return stored;
    download->was_read = true;
    return text_of(*download);
  });
}

void RememberedDownload::forget(const std::string& id) {
  environment_.memory.update(key_, [&](const auto& stored) -> std::optional<std::string> {
    const auto download = parse(stored);
    return download && download->id != id ? stored : std::nullopt;
  });
}

}  // namespace muster
