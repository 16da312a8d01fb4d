#include "lists.hpp"

#include <algorithm>

#include "identifiers.hpp"
#include "list_answers.hpp"
#include "member_pages.hpp"

namespace muster::hubspot {
namespace {

constexpr const char* kRenameHint =
    "rename the other list in HubSpot, or give the cohort another name in muster.yaml";

}  // namespace

Answer Lists::call(const char* method, std::string path, std::string body) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.body = std::move(body);
  return api_.call(std::move(request));
}

void Lists::require(std::string_view id) {
  if (required_ == id) return;
  check(id);
  required_ = id;
}

void Lists::check(std::string_view id) {
  const auto answer = call("GET", api_.path_to(Path::kList, percent_encoded(id)));
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "look at the list");
  // An answer that holds no list tells nothing of it.
  const auto type = text_at(list_in(answer), "processingType");
  if (type.empty()) throw_list_failure(api_, answer, id, "look at the list");
  if (type == "MANUAL" || type == "SNAPSHOT") return;
  throw sdk::Failure(
      MUSTER_REJECTED, "hubspot.list_converted",
      "the list was converted to an active list: HubSpot fills it by a filter now",
      "convert it back; or delete it and set on_list_deleted: recreate, and the next run makes a "
      "static one (a list that is renamed stays this sync's)");
}

void Lists::rename(std::string_view id, std::string_view name) {
  refuse_dots(name);
  const auto answer = call("PUT", api_.path_to(Path::kListRename, percent_encoded(id)) +
                                      "?listName=" + percent_encoded(name));
  if (answer.error.sub_category == kDuplicateName) {
    throw taken(name, "that is not this sync's", kRenameHint);
  }
  if (answer.fate == Fate::kRefused) throw refused_name(api_, answer, name);
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "rename the list");
  const auto* renamed = find(answer.body, "updatedList");
  if (renamed != nullptr && !id_at(*renamed, "listId").empty()) return;
  // A success that does not hold the list may be none: what is the list called now?
  const auto look = call("GET", api_.path_to(Path::kList, percent_encoded(id)));
  const bool is_renamed = look.fate == Fate::kOk && text_at(list_in(look), "name") == name;
  if (!is_renamed) throw_list_failure(api_, look, id, "rename the list");
}

void Lists::empty(std::string_view id) {
  const auto answer = call("DELETE", api_.path_to(Path::kMemberships, percent_encoded(id)));
  if (answer.fate == Fate::kOk) return;
  // Nobody is in a list that does not exist.
  if (answer.fate == Fate::kNotFound && is_gone(api_, id)) return;
  if (answer.fate != Fate::kRefused) throw_list_failure(api_, answer, id, "empty the list");
  // Removing all at once stops working at 100,000 members (hubspot/api.md §5).
  check(id);
  std::unordered_set<std::string> removed;
  while (remove_some(id, removed)) {
  }
}

//! False when nobody is left but whom the calls of before have `removed`: a read may lag behind
//! them. Always the first pages: the cursor of a list that shrinks means nothing.
bool Lists::remove_some(std::string_view id, std::unordered_set<std::string>& removed) {
  constexpr std::size_t kAtOnce = 10'000;
  const auto enough = std::min(kAtOnce, api_.settings().membership_chunk);
  json::array ids;
  std::string after;
  // A page is full but for the last: more pages than that lead in a circle.
  const auto most_pages = (kAtOnce + removed.size()) / kMembersOfAPage;
  for (std::size_t page_count = 0; page_count <= most_pages; ++page_count) {
    auto page = read_member_page(api_, id, after);
    for (auto& member : page.ids) {
      if (!removed.contains(member)) ids.emplace_back(std::move(member));
    }
    after = std::move(page.next);
    if (after.empty() || ids.size() >= enough) break;
  }
  if (ids.empty()) return false;
  const auto answer = call(
      "PUT", api_.path_to(Path::kMembershipsChange, percent_encoded(id)),
      json::serialize(json::object{{"recordIdsToAdd", json::array{}}, {"recordIdsToRemove", ids}}));
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "empty the list");
  bool said = false;
  auto now = ids_in(answer.body, kIdsRemoved, said);
  const bool some = !now.empty();
  removed.merge(now);
  if (some) return true;
  throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.not_emptied",
                     "HubSpot took nobody out of the list, without saying why",
                     "try again in a moment");
}

void Lists::remove(std::string_view id) {
  const auto answer = call("DELETE", api_.path_to(Path::kList, percent_encoded(id)));
  if (answer.fate == Fate::kNotFound && is_gone(api_, id)) return;  // done twice is done
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "delete the list");
}

void Lists::restore(std::string_view id) {
  const auto answer = call("PUT", api_.path_to(Path::kListRestore, percent_encoded(id)));
  if (answer.fate == Fate::kOk) return;
  api_.throw_if_ended();
  if (answer.error.sub_category == kDuplicateName) {
    throw sdk::Failure(MUSTER_AUDIENCE_TAKEN, "hubspot.list_taken",
                       "another list has the deleted list's name by now",
                       "rename or delete the other one, then run again");
  }
  if (answer.fate == Fate::kNotFound) {
    api_.confirm_version();
    // Restored by someone meanwhile: then it is there.
    const auto look = call("GET", api_.path_to(Path::kList, percent_encoded(id)));
    if (look.fate == Fate::kOk && !id_at(list_in(look), "listId").empty()) return;
    if (look.fate != Fate::kNotFound) {
      throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.unavailable",
                         "HubSpot could not tell now whether the list was restored",
                         "run the same sync again later; what was done is kept", look.wait_ms);
    }
  }
  if (answer.fate == Fate::kNotFound || answer.fate == Fate::kRefused) {
    throw sdk::Failure(MUSTER_AUDIENCE_GONE, "hubspot.list_gone",
                       "HubSpot restores a deleted list for 90 days only",
                       "let it be made again: on_list_deleted: recreate");
  }
  throw_list_failure(api_, answer, id, "restore the list");
}

}  // namespace muster::hubspot
