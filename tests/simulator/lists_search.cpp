// Lists by name and kind: `search`, with offsets; `all`, with cursors (hubspot/api.md §5).
#include <algorithm>
#include <set>

#include "simulator/cursors.hpp"
#include "simulator/lists_api.hpp"

namespace muster::simulator {
namespace {

constexpr std::int64_t kDefaultSearch = 20;
constexpr std::int64_t kLargestSearch = 500;

//! What a listing asks for; empty sets ask for all.
struct Wanted {
  std::string name_part;
  std::set<std::string> processing_types;
  std::set<std::string> ids;
  std::string object_type;

  bool takes(const List& list) const {
    return !list.deleted && lower(list.name).find(name_part) != std::string::npos &&
           (processing_types.empty() || processing_types.contains(list.processing_type)) &&
           (ids.empty() || ids.contains(std::to_string(list.id))) &&
           (object_type.empty() || object_type == list.object_type);
  }
};

std::set<std::string> words_at(const json::object& body, std::string_view key) {
  std::set<std::string> words;
  if (const auto* listed = array_at(body, key)) {
    for (const auto& word : *listed) {
      if (const auto* text = word.if_string()) words.emplace(text->data(), text->size());
    }
  }
  return words;
}

std::optional<Wanted> wanted_lists(const json::object& body) {
  Wanted wanted{lower(text_at(body, "query")), words_at(body, "processingTypes"),
                words_at(body, "listIds"), text_at(body, "objectTypeId")};
  static const std::set<std::string> kTypes{"DYNAMIC", "MANUAL", "SNAPSHOT"};
  const bool known = std::includes(kTypes.begin(), kTypes.end(), wanted.processing_types.begin(),
                                   wanted.processing_types.end());
  if (!known) return std::nullopt;
  return wanted;
}

}  // namespace

SimResponse ListsApi::search(const SimRequest& request) {
  const auto body = object_of(request.body);
  if (!body) return invalid_json();
  const auto wanted = wanted_lists(*body);
  if (!wanted) return invalid("unknown processing type", "INVALID_PROCESSING_TYPE");
  const auto offset = number_at(*body, "offset", 0);
  const auto count = number_at(*body, "count", kDefaultSearch);
  if (!offset || *offset < 0 || !count || *count < 1 || *count > kLargestSearch) {
    return error_response(400, "VALIDATION_ERROR", "count: 1 to 500; offset: from 0");
  }
  json::array lists;
  std::int64_t total = 0;
  for (const auto& [id, list] : account_.lists()) {
    if (!wanted->takes(list)) continue;
    if (total >= *offset && total < *offset + *count) {
      auto entry = shown(list);
      entry["additionalProperties"] =
          json::object{{"hs_list_size", std::to_string(entry["size"].to_number<std::size_t>())},
                       {"hs_list_reference_count", "0"}};
      entry.erase("size");
      lists.emplace_back(std::move(entry));
    }
    ++total;
  }
  const auto end = *offset + static_cast<std::int64_t>(lists.size());
  return json_response(200, json::object{{"lists", std::move(lists)},
                                         {"hasMore", end < total},
                                         {"offset", end},
                                         {"total", total}});
}

SimResponse ListsApi::all(const SimRequest& request) {
  const auto body = object_of(request.body);
  if (!body) return invalid_json();
  const auto wanted = wanted_lists(*body);
  if (!wanted) return invalid("unknown processing type", "INVALID_PROCESSING_TYPE");
  const auto count = number_at(*body, "count", kDefaultSearch);
  if (!count || *count < 1 || *count > kLargestSearch) {
    return error_response(400, "VALIDATION_ERROR", "count: 1 to 500");
  }
  const auto cursor = text_at(*body, "after");
  const auto last = cursor.empty() ? 0 : id_of_cursor(cursor);
  if (!cursor.empty() && last == 0) return invalid("invalid cursor", "INVALID_CURSOR");
  json::object answer;
  json::array results;
  ListId last_shown = 0;
  for (const auto& [id, list] : account_.lists()) {
    if (id <= last || !wanted->takes(list)) continue;
    if (static_cast<std::int64_t>(results.size()) == *count) {
      answer["paging"] = json::object{{"next", json::object{{"after", cursor_after(last_shown)}}}};
      break;
    }
    results.emplace_back(shown(list));
    last_shown = id;
  }
  answer["results"] = std::move(results);
  return json_response(200, answer);
}

}  // namespace muster::simulator
