#include "simulator/lists_api.hpp"

#include <algorithm>
#include <charconv>

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestPage = 250;
constexpr std::size_t kDefaultPage = 100;
constexpr std::size_t kMostForBulk = 100'000;

SimResponse empty_response() {
  SimResponse response;
  response.status = 204;
  return response;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? value : 0;
}

std::string text_at(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  if (member == nullptr) return {};
  if (const auto* text = member->if_string()) return {text->data(), text->size()};
  if (const auto* whole = member->if_int64()) return std::to_string(*whole);
  return {};
}

//! Ids as texts, or as numbers, which are tolerated (§4).
std::optional<std::vector<std::uint64_t>> ids_of(const json::value* value) {
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return std::nullopt;
  std::vector<std::uint64_t> ids;
  for (const auto& id : *list) {
    if (const auto* text = id.if_string()) {
      ids.push_back(number({text->data(), text->size()}));
    } else if (const auto* whole = id.if_int64()) {
      ids.push_back(static_cast<std::uint64_t>(*whole));
    } else {
      return std::nullopt;
    }
  }
  return ids;
}

// Cursors are opaque: a reader that computes its own gets a 400.
std::string cursor_after(std::uint64_t id) { return "c" + std::to_string(id ^ 0x5A5A5AU); }
std::uint64_t id_of_cursor(const std::string& cursor) {
  return cursor.size() < 2 || cursor[0] != 'c' ? 0 : number(cursor.substr(1)) ^ 0x5A5A5AU;
}

}  // namespace

std::vector<std::string> ListsApi::scopes(const SimRequest& request,
                                          const std::vector<std::string>& rest) {
  if (request.method == "GET" || (rest.size() == 1 && rest[0] == "search")) {
    return {"crm.lists.read"};
  }
  if (rest.empty()) return {"crm.lists.write"};
  return {"crm.lists.read", "crm.lists.write"};
}

json::object ListsApi::shown(const List& list) const {
  json::object object{{"listId", std::to_string(list.id)},
                      {"listVersion", list.version},
                      {"name", list.name},
                      {"objectTypeId", list.object_type},
                      {"processingType", list.processing_type},
                      {"processingStatus", "COMPLETE"},
                      {"createdAt", "2026-01-01T00:00:00Z"},
                      {"updatedAt", "2026-01-01T00:00:00Z"},
                      {"size", list.members.size()}};
  if (list.deleted) object["deletedAt"] = "2026-01-02T00:00:00Z";
  return object;
}

SimResponse ListsApi::duplicate_name() const {
  return error_response(400, "VALIDATION_ERROR", "A list with this name exists already.",
                        {{"subCategory", "ILS.DUPLICATE_LIST_NAMES"}});
}

SimResponse ListsApi::handle(const SimRequest& request, const std::vector<std::string>& rest) {
  if (rest.empty() && request.method == "POST") return create(request);
  if (rest.empty() && request.method == "GET") {
    json::array lists;
    const auto asked = query(request.target);
    for (auto [at, end] = asked.equal_range("listIds"); at != end; ++at) {
      const auto* list = account_.list(number(at->second));
      if (list != nullptr && !list->deleted) lists.emplace_back(shown(*list));
    }
    return json_response(200, json::object{{"lists", lists}});
  }
  if (rest.size() == 1 && rest[0] == "search") return search(request);
  if (rest[0] == "records") return records(request, rest);
  if (rest.size() == 4 && rest[0] == "object-type-id" && rest[2] == "name") {
    const auto* list = account_.list_by_name(rest[3]);
    if (list == nullptr || list->object_type != rest[1]) return not_found();
    return json_response(200, json::object{{"list", shown(*list)}});
  }
  auto* list = account_.list(number(rest[0]));
  if (rest.size() == 2 && rest[1] == "restore" && request.method == "PUT") {
    if (list == nullptr || !list->deleted) return not_found();
    if (account_.list_by_name(list->name) != nullptr) return duplicate_name();
    list->deleted.reset();
    return empty_response();
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
  boost::system::error_code failed;
  const auto body = json::parse(request.body, failed);
  if (failed || !body.is_object()) return invalid_json();
  const auto name = text_at(body, "name");
  const auto type = text_at(body, "processingType");
  const bool known_type = type == "MANUAL" || type == "DYNAMIC" || type == "SNAPSHOT";
  if (name.empty() || text_at(body, "objectTypeId").empty() || !known_type) {
    return error_response(400, "VALIDATION_ERROR", "name, objectTypeId, processingType: required");
  }
  if (static_cast<std::int64_t>(name.size()) > switches_.longest_list_name) {
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
  if (static_cast<std::int64_t>(name.size()) > switches_.longest_list_name) {
    return error_response(400, "VALIDATION_ERROR", "The list's name is too long.");
  }
  const auto* other = account_.list_by_name(name);
  if (other != nullptr && other != &list) return duplicate_name();
  list.name = name;
  ++list.version;
  return json_response(200, json::object{{"updatedList", shown(list)}});
}

SimResponse ListsApi::search(const SimRequest& request) {
  boost::system::error_code failed;
  const auto body = json::parse(request.body, failed);
  if (failed || !body.is_object()) return invalid_json();
  const auto wanted = lower(text_at(body, "query"));
  json::array lists;
  for (const auto& [id, list] : account_.lists()) {
    if (list.deleted || lower(list.name).find(wanted) == std::string::npos) continue;
    lists.emplace_back(shown(list));
  }
  const auto total = lists.size();
  return json_response(
      200,
      json::object{
          {"lists", std::move(lists)}, {"hasMore", false}, {"offset", total}, {"total", total}});
}

SimResponse ListsApi::memberships(const SimRequest& request, List& list,
                                  const std::vector<std::string>& rest) {
  const auto operation = rest.size() > 2 ? rest[2] : std::string{};
  if (request.method == "GET" && (operation.empty() || operation == "join-order")) {
    return page(request, list, !operation.empty());
  }
  if (list.processing_type == "DYNAMIC") {
    return error_response(400, "VALIDATION_ERROR",
                          "Memberships of a list of processing type DYNAMIC can't be changed.");
  }
  if (request.method == "DELETE" && operation.empty()) return delete_all_members(list);
  if (request.method == "PUT" && operation == "add-from" && rest.size() == 4) {
    const auto* source = account_.list(number(rest[3]));
    if (source == nullptr || source->deleted) return not_found();
    if (source->members.size() >= kMostForBulk) {
      return error_response(400, "VALIDATION_ERROR", "The source list is too large.");
    }
    for (const auto& [id, joined] : source->members) account_.add_member(list, id);
    return empty_response();
  }
  if (request.method == "PUT") return change(request, list, operation);
  return not_found();
}

SimResponse ListsApi::delete_all_members(List& list) {
  if (list.members.size() >= kMostForBulk) {
    return error_response(400, "VALIDATION_ERROR", "The list is too large.");
  }
  const auto members = list.members;
  for (const auto& [id, joined] : members) account_.remove_member(list, id);
  return empty_response();
}

SimResponse ListsApi::page(const SimRequest& request, const List& list, bool by_join_order) {
  const auto asked = query(request.target);
  auto limit = kDefaultPage;
  if (const auto text = field(asked, "limit"); !text.empty()) limit = number(text);
  if (limit == 0 || limit > kLargestPage) {
    return error_response(400, "VALIDATION_ERROR", "limit must be between 1 and 250");
  }
  auto members = account_.visible_members(list, Milliseconds{switches_.membership_lag_ms});
  if (by_join_order) {
    std::stable_sort(members.begin(), members.end(), [&](ContactId a, ContactId b) {
      const auto joined = [&](ContactId id) {
        const auto found = list.members.find(id);
        return found == list.members.end() ? Instant{} : found->second;
      };
      return joined(a) < joined(b);
    });
  }
  auto begin = members.begin();
  if (const auto after = field(asked, "after"); !after.empty()) {
    const auto last = id_of_cursor(after);
    if (last == 0) {
      return error_response(400, "VALIDATION_ERROR", "invalid cursor",
                            {{"subCategory", "INVALID_CURSOR"}});
    }
    begin = by_join_order ? std::find(members.begin(), members.end(), last)
                          : std::upper_bound(members.begin(), members.end(), last);
    if (by_join_order && begin != members.end()) ++begin;
  }
  json::array results;
  auto at = begin;
  for (; at != members.end() && results.size() < limit; ++at) {
    results.emplace_back(json::object{{"recordId", std::to_string(*at)},
                                      {"membershipTimestamp", "2026-01-01T00:00:00Z"}});
  }
  json::object body{{"results", std::move(results)}, {"total", members.size()}};
  if (at != members.end()) {
    const auto after = cursor_after(*(at - 1));
    body["paging"] =
        json::object{{"next", json::object{{"after", after}, {"link", "?after=" + after}}}};
  }
  return json_response(200, body);
}

SimResponse ListsApi::change(const SimRequest& request, List& list, const std::string& operation) {
  boost::system::error_code failed;
  const auto body = json::parse(request.body, failed);
  if (failed) return invalid_json();
  std::optional<std::vector<std::uint64_t>> to_add{std::in_place};
  std::optional<std::vector<std::uint64_t>> to_remove{std::in_place};
  if (operation == "add") {
    to_add = ids_of(&body);
  } else if (operation == "remove") {
    to_remove = ids_of(&body);
  } else if (operation == "add-and-remove" && body.is_object()) {
    to_add = ids_of(body.as_object().if_contains("recordIdsToAdd"));
    to_remove = ids_of(body.as_object().if_contains("recordIdsToRemove"));
  } else {
    return not_found();
  }
  if (!to_add || !to_remove) return invalid_json();
  const auto most = static_cast<std::size_t>(switches_.largest_membership_write);
  if (to_add->size() + to_remove->size() > most) {
    return error_response(400, "VALIDATION_ERROR", "Too many record ids in one request.");
  }
  json::array added;
  json::array removed;
  json::array missing;
  const auto resolve = [&](std::uint64_t id) -> const Contact* {
    const auto wanted = switches_.merged_ids_are_missing ? id : account_.survivor(id);
    const auto* contact = account_.by_id(wanted);
    return contact == nullptr || contact->archived ? nullptr : contact;
  };
  for (const auto id : *to_add) {
    const auto* contact = resolve(id);
    if (contact == nullptr) {
      missing.emplace_back(std::to_string(id));
    } else if (to_drop_ > 0) {
      --to_drop_;
      added.emplace_back(std::to_string(id));  // it says so, and does not do it
    } else if (!list.members.contains(contact->id)) {
      account_.add_member(list, contact->id);
      added.emplace_back(std::to_string(id));
    }
  }
  for (const auto id : *to_remove) {
    const auto* contact = resolve(id);
    if (contact == nullptr) {
      missing.emplace_back(std::to_string(id));
    } else if (list.members.contains(contact->id)) {
      account_.remove_member(list, contact->id);
      removed.emplace_back(std::to_string(id));
    }
  }
  json::object answer;
  const auto put = [&](const char* name, json::array&& ids) {
    if (ids.empty() && switches_.omit_empty_arrays) return;
    answer[name] = std::move(ids);
  };
  put(switches_.spell_record_ids_added ? "recordIdsAdded" : "recordsIdsAdded", std::move(added));
  put("recordIdsRemoved", std::move(removed));
  put("recordIdsMissing", std::move(missing));
  return json_response(200, answer);
}

json::object ListsApi::memberships_of(ContactId id) const {
  json::array results;
  for (const auto& [list_id, list] : account_.lists()) {
    if (list.deleted || !list.members.contains(id)) continue;
    results.emplace_back(json::object{{"listId", std::to_string(list_id)},
                                      {"listVersion", list.version},
                                      {"isPublicList", false},
                                      {"firstAddedTimestamp", "2026-01-01T00:00:00Z"},
                                      {"lastAddedTimestamp", "2026-01-01T00:00:00Z"}});
  }
  return {{"results", std::move(results)}};
}

SimResponse ListsApi::records(const SimRequest& request, const std::vector<std::string>& rest) {
  if (request.method == "GET" && rest.size() == 4 && rest[3] == "memberships") {
    return json_response(200, memberships_of(number(rest[2])));
  }
  if (request.method == "POST" && rest.size() == 4 && rest[1] == "memberships") {
    boost::system::error_code failed;
    const auto body = json::parse(request.body, failed);
    if (failed || !body.is_object()) return invalid_json();
    json::array results;
    for (const auto& input : body.at("inputs").as_array()) {
      auto entry = memberships_of(number(text_at(input, "recordId")));
      entry["recordId"] = text_at(input, "recordId");
      results.emplace_back(std::move(entry));
    }
    return json_response(200, json::object{{"status", "COMPLETE"}, {"results", results}});
  }
  return not_found();
}

}  // namespace muster::simulator
