#include "list_answers.hpp"

#include <algorithm>
#include <string>

#include "identifiers.hpp"

namespace muster::hubspot {

const json::value& list_in(const Answer& answer) {
  const auto* list = find(answer.body, "list");
  return list == nullptr ? answer.body : *list;
}

std::unordered_set<std::string> ids_in(const json::value& body,
                                       const std::array<const char*, 2>& names, bool& said) {
  std::unordered_set<std::string> ids;
  for (const auto* name : names) {
    const auto* list = array_at(body, name);
    if (list == nullptr) continue;
    said = true;
    for (const auto& id : *list) ids.insert(id_of(id));
  }
  return ids;
}

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
                         "run the same command again later; what was done is kept", answer.wait_ms);
    default:
      break;
  }
  throw sdk::Failure(MUSTER_REJECTED, "hubspot.list_refused",
                     std::string("HubSpot refused to ") + what + " (" + told(answer) + ")",
                     "check the list's name and the account's number of lists");
}

sdk::Failure taken(std::string_view name, std::string_view why, const char* hint) {
  return {MUSTER_AUDIENCE_TAKEN, "hubspot.list_taken",
          "the name '" + std::string(name) + "' belongs to a list " + std::string(why), hint};
}

void refuse_dots(std::string_view name) {
  if (name.empty() || name.find_first_not_of('.') != std::string_view::npos) return;
  throw sdk::Failure(MUSTER_BAD_CONFIG, "hubspot.list_name",
                     "a list whose name is dots alone can't be looked for by its name",
                     "give the cohort another name in muster.yaml, or the sync a list_prefix");
}

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

}  // namespace muster::hubspot
