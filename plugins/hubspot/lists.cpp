#include "lists.hpp"

#include <algorithm>

#include "account_day.hpp"
#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

constexpr const char* kDuplicateName = "ILS.DUPLICATE_LIST_NAMES";
constexpr const char* kContacts = "0-1";
constexpr const char* kOursHint =
    "rename one of the two, or set the connection's setting adopt_list: true to take the list "
    "over; after the state was lost, `muster sync --full` does that once";
constexpr const char* kRenameHint =
    "rename the other list in HubSpot, or give the cohort another name in muster.yaml";

sdk::Failure taken(std::string_view name, std::string_view why, const char* hint) {
  return {MUSTER_AUDIENCE_TAKEN, "hubspot.list_taken",
          "the name '" + std::string(name) + "' belongs to a list " + std::string(why), hint};
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

namespace {

//! Behind a 404: whether the list does not exist. One alone may be HubSpot's failure, and a list
//! that is taken for deleted is made a second time.
bool is_gone(Api& api, std::string_view id) {
  Request request;
  request.path = api.path_to(Path::kList, percent_encoded(id));
  const auto answer = api.call(std::move(request));
  api.throw_if_ended();
  if (answer.fate == Fate::kOk) return !text_at(list_in(answer), "deletedAt").empty();
  if (answer.fate != Fate::kNotFound) return false;
  api.confirm_version();
  return true;
}

}  // namespace

void throw_list_failure(Api& api, const Answer& answer, std::string_view id, const char* what) {
  api.throw_if_ended();
  switch (answer.fate) {
    case Fate::kNotFound:
      if (!id.empty() && is_gone(api, id)) {
        throw sdk::Failure(MUSTER_AUDIENCE_GONE, "hubspot.list_gone",
                           "the list does not exist in HubSpot any more",
                           "a deleted list can be restored in HubSpot for 90 days");
      }
      [[fallthrough]];
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
  if (found.fate == Fate::kOk) return take_over(list_in(found), request, sink);
  if (found.fate != Fate::kNotFound) throw_list_failure(api_, found, {}, "look for the list");
  return create(request, sink);
}

//! A list of the wanted name exists: it is ours when it was announced that one would be made, at a
//! moment when there was none.
std::string Lists::take_over(const json::value& list, const muster_sync_request& request,
                             const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  bool ours = (request.flags & MUSTER_SYNC_CREATION_BEGUN) != 0 || announced_.name == name;
  const auto records = text_at(list, "objectTypeId");
  const bool foreign =
      (!records.empty() && records != kContacts) || is_older_than_announced(list, name);
  if (ours && foreign) {
    // It was there, and the look by name did not show it: someone else's.
    take_back(sink, name);
    ours = false;
  }
  const bool allowed =
      ours || (request.flags & MUSTER_SYNC_ADOPT) != 0 || api_.settings().adopt_list;
  required_ = adopt(list, name, allowed);
  announced_ = {};
  tell(sink, ours ? MUSTER_AUDIENCE_READY : MUSTER_AUDIENCE_ADOPTED, required_, name);
  return required_;
}

std::string Lists::adopt(const json::value& list, std::string_view name, bool allowed) const {
  const auto type = text_at(list, "processingType");
  auto id = code_word(id_at(list, "listId"));
  if (id.empty()) {
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.bad_answer",
                       "HubSpot's answer about the list names no list");
  }
  if (type != "MANUAL" || text_at(list, "objectTypeId") != kContacts) {
    throw taken(name, "of another kind, which members can't be written to", kOursHint);
  }
  if (!allowed) throw taken(name, "that muster did not make", kOursHint);
  return id;
}

bool Lists::is_older_than_announced(const json::value& list, std::string_view name) const {
  const auto created = instant_ms(text_at(list, "createdAt"));
  return created && announced_.name == name && *created + kClocksDifferMs < announced_.at_ms;
}

std::string Lists::create(const muster_sync_request& request, const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  const bool begun = (request.flags & MUSTER_SYNC_CREATION_BEGUN) != 0;
  if (!begun) announced_ = {std::string(name), api_.now_ms()};
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
    // Ours, as a rule: made by an earlier attempt, or by this one, which something on the way sent
    // twice; and the look by name did not show it yet.
    const auto found = call("GET", api_.path_to(Path::kListByName, percent_encoded(name)));
    if (found.fate == Fate::kOk) return take_over(list_in(found), request, sink);
    if (const auto other = search(name)) return take_over(*other, request, sink);
    api_.throw_if_ended();
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.list_not_shown",
                       "HubSpot has made the list and does not show it yet");
  }
  const bool surely_not = answer.fate == Fate::kRefused || answer.fate == Fate::kRetry ||
                          answer.fate == Fate::kSkipped || answer.fate == Fate::kTooLarge;
  if (surely_not && !begun) take_back(sink, name);
  if (answer.fate == Fate::kRefused) throw refused_name(api_, answer, name);
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, {}, "create the list");
  auto id = code_word(id_at(list_in(answer), "listId"));
  if (id.empty()) throw_list_failure(api_, answer, {}, "create the list");
  required_ = id;
  announced_ = {};
  tell(sink, MUSTER_AUDIENCE_READY, id, name);
  return id;
}

//! The list of that name, of whatever records: a look by name shows those of contacts only.
std::optional<json::value> Lists::search(std::string_view name) {
  const json::object body{{"query", name},
                          {"count", 100},
                          {"offset", 0},
                          {"listIds", json::array{}},
                          {"processingTypes", json::array{}},
                          {"additionalProperties", json::array{}}};
  const auto answer = call("POST", api_.path_to(Path::kListSearch), json::serialize(body));
  const auto* lists = array_at(answer.body, "lists");
  if (answer.fate != Fate::kOk || lists == nullptr) return std::nullopt;
  for (const auto& list : *lists) {
    if (lower_case(text_at(list, "name")) == lower_case(name)) return list;
  }
  return std::nullopt;
}

//! No creation under this name came about: a list that has it later is not ours.
void Lists::take_back(const muster_sync_sink& sink, std::string_view name) {
  announced_ = {};
  const muster_audience audience{
      sizeof(muster_audience), MUSTER_AUDIENCE_NOT_CREATED, {}, sdk::text(name)};
  sink.audience(sink.context, &audience);  // what failed is told all the same
}

void Lists::require(std::string_view id) {
  if (required_ == id) return;
  check(id);
  required_ = id;
}

void Lists::check(std::string_view id) {
  const auto answer = call("GET", api_.path_to(Path::kList, percent_encoded(id)));
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "look at the list");
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
  if (answer.error.sub_category == kDuplicateName) {
    throw taken(name, "that is not this sync's", kRenameHint);
  }
  if (answer.fate == Fate::kRefused) throw refused_name(api_, answer, name);
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "rename the list");
}

void Lists::empty(std::string_view id) {
  const auto answer = call("DELETE", api_.path_to(Path::kMemberships, percent_encoded(id)));
  if (answer.fate == Fate::kOk) return;
  // Nobody is in a list that does not exist.
  if (answer.fate == Fate::kNotFound && is_gone(api_, id)) return;
  if (answer.fate != Fate::kRefused) throw_list_failure(api_, answer, id, "empty the list");
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
      throw_list_failure(api_, answer, id, "read the list");
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
  if (answer.fate != Fate::kOk) throw_list_failure(api_, answer, id, "empty the list");
  const auto* removed = array_at(answer.body, "recordIdsRemoved");
  if (removed != nullptr && !removed->empty()) return true;
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
    if (call("GET", api_.path_to(Path::kList, percent_encoded(id))).fate == Fate::kOk) return;
  }
  if (answer.fate == Fate::kNotFound || answer.fate == Fate::kRefused) {
    throw sdk::Failure(MUSTER_AUDIENCE_GONE, "hubspot.list_gone",
                       "HubSpot restores a deleted list for 90 days only",
                       "let it be made again: on_list_deleted: recreate");
  }
  throw_list_failure(api_, answer, id, "restore the list");
}

}  // namespace muster::hubspot
