// Search of contacts: paged, capped, late (hubspot/api.md §4.9).
#include <algorithm>
#include <set>

#include "simulator/contacts_api.hpp"

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestBody = 3'000;
constexpr std::size_t kMostGroups = 5;
constexpr std::size_t kMostFiltersInGroup = 6;
constexpr std::size_t kMostFilters = 18;
constexpr std::int64_t kDefaultPage = 10;
constexpr std::int64_t kLargestPage = 200;
constexpr std::int64_t kMostResults = 10'000;

SimResponse invalid(const std::string& message) {
  return error_response(400, "VALIDATION_ERROR", message);
}

std::set<std::string> values_of(const json::object& filter) {
  std::set<std::string> values;
  if (const auto* list = array_at(filter, "values")) {
    for (const auto& value : *list) {
      if (const auto* text = value.if_string()) values.insert(lower({text->data(), text->size()}));
    }
  }
  if (filter.contains("value")) values.insert(lower(text_at(filter, "value")));
  return values;
}

}  // namespace

bool ContactsApi::matches(const Contact& contact, const json::object& filter) const {
  const auto name = text_at(filter, "propertyName");
  const auto operation = text_at(filter, "operator");
  const auto shown = properties_.shown(contact, {name});
  const auto value = lower(text_at(shown, name));
  if (operation == "HAS_PROPERTY") return !value.empty();
  if (operation == "NOT_HAS_PROPERTY") return value.empty();
  const auto wanted = values_of(filter);
  if (operation == "CONTAINS_TOKEN") {
    const auto tokens = parts(value);
    return std::any_of(tokens.begin(), tokens.end(),
                       [&](const auto& token) { return wanted.contains(token); });
  }
  // EQ of the e-mail does not look at additional addresses (§4.6).
  return wanted.contains(value);
}

SimResponse ContactsApi::search(const SimRequest& request, const json::object& body) {
  if (request.body.size() > kLargestBody) return invalid("The request body is too long.");
  const json::array no_groups;
  const auto* given = array_at(body, "filterGroups");
  const auto& groups = given == nullptr ? no_groups : *given;
  std::size_t filter_count = 0;
  for (const auto& group : groups) {
    const auto* filters = group.is_object() ? array_at(group.as_object(), "filters") : nullptr;
    if (filters == nullptr) return invalid("filters are required");
    if (filters->size() > kMostFiltersInGroup) return invalid("too many filters in a group");
    for (const auto& filter : *filters) {
      if (!filter.is_object()) return invalid("a filter is no object");
      const auto operation = text_at(filter.as_object(), "operator");
      static const std::set<std::string> kOperators{"EQ", "IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
                                                    "CONTAINS_TOKEN"};
      if (!kOperators.contains(operation)) return invalid("unknown operator " + operation);
    }
    filter_count += filters->size();
  }
  if (groups.size() > kMostGroups || filter_count > kMostFilters)
    return invalid("too many filters");
  const auto limit = number_at(body, "limit", kDefaultPage);
  const auto after = number_at(body, "after", 0);
  if (!limit || *limit < 1 || *limit > kLargestPage) return invalid("limit: 1 to 200");
  if (!after || *after < 0 || *after + *limit > kMostResults) {
    return invalid("paging past 10,000 results is not possible");
  }
  const Milliseconds lag{switches_.search_lag_ms};
  json::array found;
  std::int64_t total = 0;
  for (const auto& [id, contact] : account_.contacts()) {
    if (contact.archived) continue;
    if (lag > Milliseconds{0} && contact.updated + lag > account_.clock().now()) continue;
    const bool meets =
        groups.empty() || std::any_of(groups.begin(), groups.end(), [&](auto& group) {
          const auto& filters = group.at("filters").as_array();
          return std::all_of(filters.begin(), filters.end(),
                             [&](auto& filter) { return matches(contact, filter.as_object()); });
        });
    if (!meets) continue;
    if (total >= *after && total < *after + *limit) found.emplace_back(shown(contact, asked(body)));
    ++total;
  }
  json::object answer{{"total", total}, {"results", std::move(found)}};
  if (total > *after + *limit) {
    const auto next = std::to_string(*after + *limit);
    answer["paging"] =
        json::object{{"next", json::object{{"after", next}, {"link", "?after=" + next}}}};
  }
  return json_response(200, answer);
}

}  // namespace muster::simulator
