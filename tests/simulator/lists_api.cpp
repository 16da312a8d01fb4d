#include "simulator/lists_api.hpp"

#include <algorithm>

namespace muster::simulator {
namespace {

//! HubSpot counts characters, not bytes.
std::int64_t characters_of(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

constexpr std::chrono::days kRestorable{90};

}  // namespace

std::vector<std::string> ListsApi::scopes(const SimRequest& request,
                                          const std::vector<std::string>& rest) {
  if (request.method == "GET" || (rest.size() == 1 && (rest[0] == "search" || rest[0] == "all"))) {
    return {"crm.lists.read"};
  }
  if (rest.empty()) return {"crm.lists.write"};
  return {"crm.lists.read", "crm.lists.write"};
}

json::object ListsApi::shown(const List& list) const {
  json::object object{
      {"listId", std::to_string(list.id)},
      {"listVersion", list.version},
      {"name", list.name},
      {"objectTypeId", list.object_type},
      {"processingType", list.processing_type},
      {"processingStatus", "COMPLETE"},
      {"createdAt", timestamp(list.created)},
      {"updatedAt", timestamp(list.updated)},
      {"size", account_.visible_members(list, Milliseconds{switches_.list_size_lag_ms}).size()}};
  if (list.deleted) object["deletedAt"] = timestamp(*list.deleted);
  return object;
}

SimResponse ListsApi::duplicate_name() const {
  return error_response(400, "VALIDATION_ERROR", "A list with this name exists already.",
                        {{"subCategory", "ILS.DUPLICATE_LIST_NAMES"}});
}

SimResponse ListsApi::handle(const SimRequest& request, const std::vector<std::string>& rest,
                             const std::string& version) {
  if (rest.empty() && request.method == "POST") return create(request);
  if (rest.empty() && request.method == "GET") {
    json::array lists;
    const auto asked = query(request.target);
    for (auto [at, end] = asked.equal_range("listIds"); at != end; ++at) {
      const auto* list = account_.list(whole_number(at->second));
      if (list != nullptr && !list->deleted) lists.emplace_back(shown(*list));
    }
    return json_response(200, json::object{{"lists", lists}});
  }
  const bool posts = rest.size() == 1 && request.method == "POST";
  if (posts && rest[0] == "search") return search(request);
  if (posts && rest[0] == "all" && version == "2026-09") return all(request);
  if (rest[0] == "records") return records(request, rest);
  if (rest.size() == 4 && rest[0] == "object-type-id" && rest[2] == "name") {
    const auto* list = account_.list_by_name(rest[3]);
    if (list == nullptr || list->object_type != rest[1]) return not_found();
    return json_response(200, json::object{{"list", shown(*list)}});
  }
  auto* list = account_.list(whole_number(rest[0]));
  if (rest.size() == 2 && rest[1] == "restore" && request.method == "PUT") {
    return list == nullptr || !list->deleted ? not_found() : restore(*list);
  }
  if (list == nullptr || list->deleted) return not_found();
  if (rest.size() == 1 && request.method == "GET") {
    return json_response(200, json::object{{"list", shown(*list)}});
  }
  if (rest.size() == 1 && request.method == "DELETE") {
    list->deleted = account_.clock().now();
    return empty_response();
  }
  if (rest.size() == 2 && rest[1] == "update-list-name" && request.method == "PUT") {
    return rename(request, *list);
  }
  if (rest.size() >= 2 && rest[1] == "memberships") return memberships(request, *list, rest);
  return not_found();
}

SimResponse ListsApi::create(const SimRequest& request) {
  const auto parsed = object_of(request.body);
  if (!parsed) return invalid_json();
  const auto& body = *parsed;
  const auto name = text_at(body, "name");
  const auto type = text_at(body, "processingType");
  const bool known_type = type == "MANUAL" || type == "DYNAMIC" || type == "SNAPSHOT";
  if (name.empty() || text_at(body, "objectTypeId").empty() || !known_type) {
    return error_response(400, "VALIDATION_ERROR", "name, objectTypeId, processingType: required");
  }
  if (characters_of(name) > switches_.longest_list_name) {
    return error_response(400, "VALIDATION_ERROR", "The list's name is too long.");
  }
  if (account_.list_by_name(name) != nullptr) return duplicate_name();
  auto& list = account_.create_list(name, type);
  list.object_type = text_at(body, "objectTypeId");
  return json_response(200, json::object{{"list", shown(list)}});
}

SimResponse ListsApi::rename(const SimRequest& request, List& list) {
  const auto name = field(query(request.target), "listName");
  if (name.empty()) return error_response(400, "VALIDATION_ERROR", "listName is required");
  if (characters_of(name) > switches_.longest_list_name) {
    return error_response(400, "VALIDATION_ERROR", "The list's name is too long.");
  }
  const auto* other = account_.list_by_name(name);
  if (other != nullptr && other != &list) return duplicate_name();
  list.name = name;
  list.updated = account_.clock().now();
  ++list.version;
  return json_response(200, json::object{{"updatedList", shown(list)}});
}

SimResponse ListsApi::restore(List& list) {
  if (*list.deleted + kRestorable < account_.clock().now()) return not_found();
  if (account_.list_by_name(list.name) != nullptr) return duplicate_name();
  list.deleted.reset();
  return empty_response();
}

}  // namespace muster::simulator
