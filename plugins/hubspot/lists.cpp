#include "lists.hpp"

#include <algorithm>

namespace muster::hubspot {
namespace {

constexpr const char* kDuplicateName = "ILS.DUPLICATE_LIST_NAMES";
constexpr const char* kContacts = "0-1";
constexpr std::string_view kOursHint =
    "rename one of the two, or set the connection's setting adopt_list: true to take the list "
    "over; "
    "after the state was lost, `muster sync --full` does that once";

sdk::Failure taken(std::string_view name, std::string_view why) {
  return {MUSTER_AUDIENCE_TAKEN, "hubspot.list_taken",
          "the name '" + std::string(name) + "' belongs to a list " + std::string(why),
          std::string(kOursHint)};
}

void tell(const muster_sync_sink& sink, std::int32_t state, std::string_view ref,
          std::string_view name) {
  const muster_audience audience{sizeof(muster_audience), state, sdk::text(ref), sdk::text(name)};
  if (sink.audience(sink.context, &audience) == MUSTER_OK) return;
  throw sdk::Failure(MUSTER_CANCELLED, "hubspot.not_written_down",
                     "the host could not write the list's reference down");
}

const json::value& list_in(const Answer& answer) {
  const auto* list = find(answer.body, "list");
  return list == nullptr ? answer.body : *list;
}

}  // namespace

void throw_list_failure(Api& api, const Answer& answer, const char* what) {
  api.throw_if_ended();
  switch (answer.fate) {
    case Fate::kNotFound:
      api.confirm_version();
      throw sdk::Failure(MUSTER_AUDIENCE_GONE, "hubspot.list_gone",
                         "the list does not exist in HubSpot any more",
                         "a deleted list can be restored in HubSpot for 90 days");
    case Fate::kOk:
    case Fate::kRetry:
    case Fate::kInDoubt:
    case Fate::kSkipped:
      throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.unavailable",
                         std::string("HubSpot could not ") + what + " now" +
                             (answer.status == 0 ? "" : " (" + told(answer) + ")"),
                         "run the same sync again later; what was done is kept", answer.wait_ms);
    default:
      break;
  }
  throw sdk::Failure(MUSTER_REJECTED, "hubspot.list_refused",
                     std::string("HubSpot refused to ") + what + " (" + told(answer) + ")",
                     "check the list's name and the account's number of lists");
}

namespace {

//! HubSpot tells no largest length of a list's name; whoever reads this needs to know the one.
sdk::Failure refused_name(Api& api, const Answer& answer, std::string_view name) {
  api.throw_if_ended();
  const auto characters = std::count_if(name.begin(), name.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  });
  return {MUSTER_REJECTED, "hubspot.list_refused",
          "HubSpot refuses a list of this name of " + std::to_string(characters) + " characters (" +
              told(answer) + ")",
          "shorten the cohort's name in muster.yaml, and check the account's number of lists"};
}

}  // namespace

Answer Lists::call(const char* method, std::string path, std::string body) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.body = std::move(body);
  return api_.call(std::move(request));
}

std::string Lists::ensure(const muster_sync_request& request, const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  const auto ref = sdk::view(request.audience_ref);
  if (!ref.empty()) {
    if (sdk::view(request.audience_known_as) != name) {
      rename(ref, name);
      tell(sink, MUSTER_AUDIENCE_READY, ref, name);
    }
    return std::string(ref);
  }
  const auto found = call("GET", api_.path_to(Path::kListByName, percent_encoded(name)));
  if (found.fate == Fate::kOk) {
    auto id = adopt(list_in(found), request);
    const bool ours = (request.flags & MUSTER_SYNC_CREATION_BEGUN) != 0;
    tell(sink, ours ? MUSTER_AUDIENCE_READY : MUSTER_AUDIENCE_ADOPTED, id, name);
    return id;
  }
  if (found.fate != Fate::kNotFound) throw_list_failure(api_, found, "look for the list");
  return create(request, sink);
}

//! A list of the wanted name exists: it is ours when an earlier run announced that it would make
//! one, at a moment when there was none.
std::string Lists::adopt(const json::value& list, const muster_sync_request& request) const {
  const auto name = sdk::view(request.audience_name);
  const auto type = text_at(list, "processingType");
  auto id = code_word(id_at(list, "listId"));
  if (id.empty()) {
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.bad_answer",
                       "HubSpot's answer about the list names no list");
  }
  if (type != "MANUAL" || text_at(list, "objectTypeId") != kContacts) {
    throw taken(name, "of another kind, which members can't be written to");
  }
  const bool ours = (request.flags & (MUSTER_SYNC_CREATION_BEGUN | MUSTER_SYNC_ADOPT)) != 0;
  if (!ours && !api_.settings().adopt_list) throw taken(name, "that muster did not make");
  return id;
}

std::string Lists::create(const muster_sync_request& request, const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  tell(sink, MUSTER_AUDIENCE_CREATING, {}, name);
  const json::object body{
      {"name", name}, {"objectTypeId", kContacts}, {"processingType", "MANUAL"}};
  Request creation;
  creation.method = "POST";
  creation.path = api_.path_to(Path::kLists);
  creation.body = json::serialize(body);
  creation.not_found = Request::NotFound::kWrongVersion;
  const auto answer = api_.call(std::move(creation));
  if (answer.error.sub_category == kDuplicateName) {
    if ((request.flags & MUSTER_SYNC_CREATION_BEGUN) == 0) {
      throw taken(name, "that was made at this very moment");
    }
    // Ours, from an earlier attempt, and the look by name does not show it yet.
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.list_not_shown",
                       "HubSpot has made the list and does not show it yet");
  }
  if (answer.fate == Fate::kRefused) throw refused_name(api_, answer, name);
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, "create the list");
  auto id = code_word(id_at(list_in(answer), "listId"));
  if (id.empty()) throw_list_failure(api_, answer, "create the list");
  tell(sink, MUSTER_AUDIENCE_READY, id, name);
  return id;
}

void Lists::check(std::string_view id) {
  const auto answer = call("GET", api_.path_to(Path::kList, percent_encoded(id)));
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, "look at the list");
  const auto type = text_at(list_in(answer), "processingType");
  if (type == "MANUAL" || type == "SNAPSHOT") return;
  throw sdk::Failure(
      MUSTER_REJECTED, "hubspot.list_converted",
      "the list was converted to an active list: HubSpot fills it by a filter now",
      "delete or rename it, and the next run makes a static one; or convert it back");
}

void Lists::rename(std::string_view id, std::string_view name) {
  const auto answer = call("PUT", api_.path_to(Path::kListRename, percent_encoded(id)) +
                                      "?listName=" + percent_encoded(name));
  if (answer.error.sub_category == kDuplicateName) throw taken(name, "that is not this sync's");
  if (answer.fate == Fate::kRefused) throw refused_name(api_, answer, name);
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, "rename the list");
}

void Lists::empty(std::string_view id) {
  const auto answer = call("DELETE", api_.path_to(Path::kMemberships, percent_encoded(id)));
  if (answer.fate == Fate::kOk) return;
  if (answer.fate == Fate::kNotFound) return api_.confirm_version();  // nobody is in it
  if (answer.fate != Fate::kRefused) throw_list_failure(api_, answer, "empty the list");
  // Removing all at once stops working at 100,000 members (hubspot/api.md §5).
  check(id);
  while (remove_some(id)) {
  }
}

//! False when nobody is left. Always the first pages: the cursor of a list that shrinks means
//! nothing.
bool Lists::remove_some(std::string_view id) {
  constexpr std::size_t kAtOnce = 10'000;
  json::array ids;
  std::string after;
  // A page is full but for the last: more pages than that lead in a circle.
  for (std::size_t page_count = 0; page_count <= kAtOnce / 250; ++page_count) {
    auto page = api_.path_to(Path::kMemberships, percent_encoded(id)) + "?limit=250";
    if (!after.empty()) page += "&after=" + percent_encoded(after);
    const auto answer = call("GET", std::move(page));
    const auto* results = array_at(answer.body, "results");
    if (answer.fate != Fate::kOk || results == nullptr) {
      throw_list_failure(api_, answer, "read the list");
    }
    for (const auto& member : *results) ids.emplace_back(id_at(member, "recordId"));
    const auto* paging = find(answer.body, "paging");
    const auto* next = paging == nullptr ? nullptr : find(*paging, "next");
    after = next == nullptr ? std::string{} : std::string(text_at(*next, "after"));
    const auto enough = std::min(kAtOnce, api_.settings().membership_chunk);
    if (after.empty() || ids.size() >= enough) break;
  }
  if (ids.empty()) return false;
  const auto answer = call(
      "PUT", api_.path_to(Path::kMembershipsChange, percent_encoded(id)),
      json::serialize(json::object{{"recordIdsToAdd", json::array{}}, {"recordIdsToRemove", ids}}));
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, "empty the list");
  const auto* removed = array_at(answer.body, "recordIdsRemoved");
  if (removed != nullptr && !removed->empty()) return true;
  throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.not_emptied",
                     "HubSpot took nobody out of the list, without saying why",
                     "try again in a moment");
}

void Lists::remove(std::string_view id) {
  const auto answer = call("DELETE", api_.path_to(Path::kList, percent_encoded(id)));
  if (answer.fate == Fate::kNotFound) return api_.confirm_version();  // done twice is done
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, "delete the list");
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
    if (call("GET", api_.path_to(Path::kList, percent_encoded(id))).fate == Fate::kOk) return;
  }
  if (answer.fate == Fate::kNotFound || answer.fate == Fate::kRefused) {
    throw sdk::Failure(MUSTER_AUDIENCE_GONE, "hubspot.list_gone",
                       "HubSpot restores a deleted list for 90 days only",
                       "let it be made again: on_list_deleted: recreate");
  }
  throw_list_failure(api_, answer, "restore the list");
}

}  // namespace muster::hubspot
