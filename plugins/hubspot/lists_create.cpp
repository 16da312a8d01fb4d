// Whose a list is: made, announced before, found by its name, adopted or refused
// (hubspot/api.md §5).
#include "identifiers.hpp"
#include "list_answers.hpp"
#include "lists.hpp"

namespace muster::hubspot {
namespace {

constexpr const char* kContacts = "0-1";
constexpr const char* kOursHint =
    "rename one of the two, or set the connection's setting adopt_list: true to take the list "
    "over; after the state was lost, `muster sync --full` does that once";

void tell(const muster_sync_sink& sink, std::int32_t state, std::string_view ref,
          std::string_view name) {
  const muster_audience audience{sizeof(muster_audience), state, sdk::text(ref), sdk::text(name)};
  if (sink.audience(sink.context, &audience) == MUSTER_OK) return;
  throw sdk::Failure(MUSTER_CANCELLED, "hubspot.not_written_down",
                     "the host could not write the list's reference down");
}

std::string secret_of(std::string_view list) { return "announced/" + std::string(list); }

}  // namespace

std::string Lists::ensure(const muster_sync_request& request, const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  const auto ref = sdk::view(request.audience_ref);
  refuse_dots(name);
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
  bool ours = (request.flags & MUSTER_SYNC_CREATION_BEGUN) != 0 || announced_name_ == name;
  const auto records = text_at(list, "objectTypeId");
  const bool foreign = (!records.empty() && records != kContacts) || is_of_another_time(list, name);
  if (ours && foreign) {
    // It was there, and the look by name did not show it; or it was made when nothing of ours was
    // under way any more: someone else's.
    take_back(sink, name);
    ours = false;
  }
  const bool allowed =
      ours || (request.flags & MUSTER_SYNC_ADOPT) != 0 || api_.settings().adopt_list;
  required_ = adopt(list, name, allowed);
  tell(sink, ours ? MUSTER_AUDIENCE_READY : MUSTER_AUDIENCE_ADOPTED, required_, name);
  forget_announcement(name);
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
    throw taken(name, "of another kind, which members can't be written to",
                "rename one of the two: the list in HubSpot, or the cohort in muster.yaml");
  }
  if (!allowed) throw taken(name, "that muster did not make", kOursHint);
  return id;
}

//! Whether a list of that name was made when no creation of ours can have made it.
bool Lists::is_of_another_time(const json::value& list, std::string_view name) const {
  const auto created = instant_ms(text_at(list, "createdAt"));
  const auto announcement = announced(name);
  return created && announcement && !announcement->can_have_made(*created);
}

std::optional<Announcement> Lists::announced(std::string_view name) const {
  return Announcement::of(host_.secret(secret_of(name)));
}

//! Written down before the host is told: what it hears of may be about to happen.
void Lists::announce(const muster_sync_request& request, const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  const bool begun = (request.flags & MUSTER_SYNC_CREATION_BEGUN) != 0;
  auto announcement = begun ? announced(name) : std::nullopt;
  // One that was begun at a time that nobody remembers is bound to none.
  if (announcement || !begun) {
    if (announcement) {
      announcement->repeat(api_.moment());
    } else {
      announcement.emplace(api_.moment());
    }
    host_.store_secret(secret_of(name), announcement->stored());
  }
  if (!begun) announced_name_ = name;
  tell(sink, MUSTER_AUDIENCE_CREATING, {}, name);
}

void Lists::forget_announcement(std::string_view name) {
  announced_name_.clear();
  if (!announced(name)) return;
  try {
    host_.store_secret(secret_of(name), {});
  } catch (const sdk::Failure&) {
    // The next announcement replaces it.
  }
}

std::string Lists::create(const muster_sync_request& request, const muster_sync_sink& sink) {
  const auto name = sdk::view(request.audience_name);
  const bool begun = (request.flags & MUSTER_SYNC_CREATION_BEGUN) != 0;
  announce(request, sink);
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
  required_ = made_ = id;
  tell(sink, MUSTER_AUDIENCE_READY, id, name);
  forget_announcement(name);
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
  const muster_audience audience{
      sizeof(muster_audience), MUSTER_AUDIENCE_NOT_CREATED, {}, sdk::text(name)};
  sink.audience(sink.context, &audience);  // what failed is told all the same
  forget_announcement(name);
}

}  // namespace muster::hubspot
