#include "simulator/lists_api.hpp"

#include <algorithm>
#include <set>

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestPage = 250;
constexpr std::size_t kDefaultPage = 100;
constexpr std::chrono::days kRestorable{90};
constexpr std::int64_t kDefaultSearch = 20;
constexpr std::int64_t kLargestSearch = 500;

SimResponse empty_response() {
  SimResponse response;
  response.status = 204;
  return response;
}

//! Ids as texts, or as numbers, which are tolerated (§4).
std::optional<std::vector<std::uint64_t>> ids_of(const json::value* value) {
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return std::nullopt;
  std::vector<std::uint64_t> ids;
  for (const auto& id : *list) {
    if (const auto* text = id.if_string()) {
      ids.push_back(whole_number({text->data(), text->size()}));
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
  return cursor.size() < 2 || cursor[0] != 'c' ? 0 : whole_number(cursor.substr(1)) ^ 0x5A5A5AU;
}

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

namespace {

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

SimResponse invalid(const std::string& what, const std::string& sub_category) {
  return error_response(400, "VALIDATION_ERROR", what, {{"subCategory", sub_category}});
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
    const auto* source = account_.list(whole_number(rest[3]));
    if (source == nullptr || source->deleted) return not_found();
    if (source->members.size() >= static_cast<std::size_t>(switches_.bulk_limit)) {
      return error_response(400, "VALIDATION_ERROR", "The source list is too large.");
    }
    for (const auto& [id, joined] : source->members) account_.add_member(list, id);
    return empty_response();
  }
  if (request.method == "PUT") return change(request, list, operation);
  return not_found();
}

SimResponse ListsApi::delete_all_members(List& list) {
  if (list.members.size() >= static_cast<std::size_t>(switches_.bulk_limit)) {
    return error_response(400, "VALIDATION_ERROR", "The list is too large.");
  }
  const auto members = list.members;
  for (const auto& [id, joined] : members) account_.remove_member(list, id);
  return empty_response();
}

SimResponse ListsApi::page(const SimRequest& request, const List& list, bool by_join_order) {
  const auto asked = query(request.target);
  auto limit = kDefaultPage;
  if (const auto text = field(asked, "limit"); !text.empty()) limit = whole_number(text);
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
  const auto after = field(asked, "after");  // wins over `before` (§5)
  const auto before = after.empty() ? field(asked, "before") : std::string{};
  const auto& cursor = after.empty() ? before : after;
  const bool forwards = before.empty();
  const auto last = cursor.empty() ? 0 : id_of_cursor(cursor);
  if (!cursor.empty() && last == 0) return invalid("invalid cursor", "INVALID_CURSOR");
  // `before` alone walks backwards: descending by record id.
  if (!forwards) std::reverse(members.begin(), members.end());
  auto at = members.begin();
  if (!cursor.empty() && by_join_order) {
    at = std::find(members.begin(), members.end(), last);
    if (at != members.end()) ++at;
  } else if (!cursor.empty()) {
    at = std::find_if(members.begin(), members.end(),
                      [&](ContactId id) { return forwards ? id > last : id < last; });
  }
  json::object paging;
  const auto point = [&](bool towards_next, ContactId id) {
    const std::string parameter = towards_next ? "after" : "before";
    const auto text = cursor_after(id);
    paging[towards_next ? "next" : "prev"] =
        json::object{{parameter, text}, {"link", "?" + parameter + "=" + text}};
  };
  if (at != members.begin() && at != members.end()) point(!forwards, *at);
  json::array results;
  for (; at != members.end() && results.size() < limit; ++at) {
    const auto joined = list.members.find(*at);
    const auto since = joined == list.members.end() ? list.updated : joined->second;
    results.emplace_back(
        json::object{{"recordId", std::to_string(*at)}, {"membershipTimestamp", timestamp(since)}});
  }
  if (at != members.end()) point(forwards, *(at - 1));
  json::object body{{"results", std::move(results)}, {"total", members.size()}};
  if (!paging.empty()) body["paging"] = std::move(paging);
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
    const auto joined = timestamp(list.members.at(id));
    results.emplace_back(json::object{{"listId", std::to_string(list_id)},
                                      {"listVersion", list.version},
                                      {"isPublicList", false},
                                      {"firstAddedTimestamp", joined},
                                      {"lastAddedTimestamp", joined}});
  }
  return {{"results", std::move(results)}};
}

SimResponse ListsApi::records(const SimRequest& request, const std::vector<std::string>& rest) {
  if (request.method == "GET" && rest.size() == 4 && rest[3] == "memberships") {
    return json_response(200, memberships_of(whole_number(rest[2])));
  }
  if (request.method == "POST" && rest.size() == 4 && rest[1] == "memberships") {
    const auto body = object_of(request.body);
    const auto* inputs = body ? array_at(*body, "inputs") : nullptr;
    if (inputs == nullptr) return invalid_json();
    json::array results;
    for (const auto& input : *inputs) {
      if (!input.is_object()) return invalid_json();
      const auto id = text_at(input.as_object(), "recordId");
      auto memberships = memberships_of(whole_number(id));
      results.emplace_back(
          json::object{{"objectTypeId", text_at(input.as_object(), "objectTypeId")},
                       {"recordId", id},
                       {"recordListMemberships", std::move(memberships["results"])}});
    }
    return json_response(200, json::object{{"status", "COMPLETE"},
                                           {"results", results},
                                           {"startedAt", "2026-11-23T16:56:07.367Z"},
                                           {"completedAt", "2026-11-23T16:56:07.403Z"}});
  }
  return not_found();
}

}  // namespace muster::simulator
