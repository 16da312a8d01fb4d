// Who is in a list: changed, read in pages, told for records (hubspot/api.md §5).
#include <algorithm>

#include "simulator/cursors.hpp"
#include "simulator/lists_api.hpp"

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestPage = 250;
constexpr std::size_t kDefaultPage = 100;

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

}  // namespace

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
  limit = std::min(limit, static_cast<std::size_t>(switches_.largest_membership_page));
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
      removed.emplace_back(std::to_string(id));
      if (to_keep_ > 0) {
        --to_keep_;  // it says so, and does not do it
      } else {
        account_.remove_member(list, contact->id);
      }
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
