#include "cohort/amplitude_catalog.hpp"

#include <algorithm>

namespace muster {
namespace {

namespace json = boost::json;

std::int64_t number(const json::object& entry, const char* name) {
  const auto* value = entry.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string text(const json::object& entry, const char* name) {
  const auto* value = entry.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

}  // namespace

std::vector<ListedCohort> list_cohorts(AmplitudeApi& api) {
  const auto response = api.get("/api/3/cohorts");
  if (response.status != 200) throw api.failure(response, "the cohorts are not listed");
  const auto answer = api.json_of(response);
  const auto* entries = answer.if_contains("cohorts");
  if (entries == nullptr || !entries->is_array()) {
    throw api.failure(response, "the answer has no cohorts");
  }
  std::vector<ListedCohort> cohorts;
  for (const auto& value : entries->get_array()) {
    if (!value.is_object()) continue;
    const auto& entry = value.get_object();
    ListedCohort cohort;
    cohort.id = text(entry, "id");
    cohort.name = text(entry, "name");
    cohort.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(entry, "size")));
    const auto computed = number(entry, "lastComputed");  // Unix seconds
    if (computed > 0) cohort.last_computed = Instant{std::chrono::seconds(computed)};
    const auto* archived = entry.if_contains("archived");
    cohort.archived = archived != nullptr && archived->is_bool() && archived->get_bool();
    if (!cohort.id.empty()) cohorts.push_back(std::move(cohort));
  }
  std::sort(cohorts.begin(), cohorts.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return cohorts;
}

}  // namespace muster
