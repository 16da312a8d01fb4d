// Looking for contacts: batch/read by e-mail or by id, and what its answers account for
// (hubspot/api.md §4.2, §4.6, §4.7).
#include <algorithm>
#include <map>

#include "contacts.hpp"
#include "contacts_inputs.hpp"
#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

using State = Resolution::State;

//! Which of the inputs an answer speaks of: by the text as sent, addresses in lower case.
using Wanted = std::map<std::string, std::size_t, std::less<>>;

template <class Take>
void for_each_part(std::string_view list, const Take& take) {
  while (!list.empty()) {
    const auto end = std::min(list.find(';'), list.size());
    take(lower_case(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

const json::array* ids_in_context(const json::value& error) {
  const auto* context = find(error, "context");
  return context == nullptr ? nullptr : array_at(*context, "ids");
}

}  // namespace

void Contacts::read(Inputs& inputs, Places places) {
  json::array asked;
  for (const auto place : places) asked.emplace_back(json::object{{"id", inputs.texts[place]}});
  json::object body;
  const bool by_email = inputs.by == Inputs::By::kEmail;
  if (by_email) body["idProperty"] = "email";
  body["properties"] =
      by_email ? json::array{"email", "hs_additional_emails"} : json::array{"hs_merged_object_ids"};
  body["inputs"] = std::move(asked);
  Request request;
  request.method = "POST";
  request.path = api_.path_to(Path::kContactsRead);
  request.body = json::serialize(body);
  request.not_found = Request::NotFound::kWrongVersion;
  request.inputs_hash = inputs.hash_of(places);
  api_.send(std::move(request), [this, &inputs, places = std::move(places)](Answer& answer) {
    const auto read_halves = [&] {
      in_halves(places, [&](Places half) { read(inputs, std::move(half)); });
    };
    // One input may be what HubSpot stumbles over: the others must not wait for it for ever.
    if (answer.fails_again && places.size() > 1 && !api_.ended()) {
      return read_halves();
    }
    if (take_whole(answer, places, inputs.results)) return;
    if (answer.fate == Fate::kOk) return take_read(inputs, places, answer);
    if (places.size() > 1) return read_halves();
    refuse(inputs, places[0], answer);
  });
}

void Contacts::take_read(Inputs& inputs, const Places& places, const Answer& answer) {
  Wanted wanted;
  for (const auto place : places) wanted.emplace(inputs.texts[place], place);
  const auto place_of = [&](std::string_view text) -> std::optional<std::size_t> {
    const auto found = wanted.find(text);
    if (found == wanted.end() || !inputs.is_open(found->second)) return std::nullopt;
    return found->second;
  };
  bool told_something = false;
  std::vector<std::string> ids;
  if (const auto* results = array_at(answer.body, "results")) {
    for (const auto& contact : *results) {
      const auto id = canonical_contact_id(id_at(contact, "id")).value_or(std::string{});
      if (id.empty()) continue;
      told_something = true;
      ids.push_back(id);
      bool claimed = false;
      const auto take = [&](std::string_view text) {
        const auto place = place_of(text);
        if (!place) return;
        claimed = true;
        inputs.found(*place, id);
        if (inputs.by == Inputs::By::kEmail) take_doubted(inputs, *place, contact);
      };
      const auto* properties = find(contact, "properties");
      if (inputs.by == Inputs::By::kId) take(id);
      if (properties == nullptr) {
        // nothing more to know it by
      } else if (inputs.by == Inputs::By::kId) {
        for_each_part(text_at(*properties, "hs_merged_object_ids"), take);
      } else {
        take(lower_case(text_at(*properties, "email")));
        for_each_part(text_at(*properties, "hs_additional_emails"), take);
      }
      if (!claimed) ++inputs.unclaimed;
    }
  }
  // All that are missing stand in one error (hubspot/api.md §4.2). Other errors are told as such:
  // only OBJECT_NOT_FOUND says that there is nobody.
  const json::value* nameless = nullptr;
  if (const auto* errors = array_at(answer.body, "errors")) {
    for (const auto& error : *errors) {
      const auto facts = error_facts(error);
      const auto* named = ids_in_context(error);
      if (named == nullptr || named->empty()) {
        nameless = &error;
        continue;
      }
      for (const auto& id : *named) {
        const auto place = place_of(lower_case(id_of(id)));
        if (!place) continue;
        told_something = true;
        if (facts.category == "OBJECT_NOT_FOUND") {
          inputs.set(*place, State::kMissing);
        } else if (facts.category == "RATE_LIMITS") {
          inputs.set(*place, State::kRetry);
        } else {
          inputs.refuse(*place, refusal_code(facts));
        }
      }
    }
  }
  Places open;
  for (const auto place : places) {
    if (inputs.is_open(place)) open.push_back(place);
  }
  if (inputs.by == Inputs::By::kEmail) {
    const auto missing = std::count_if(places.begin(), places.end(), [&](std::size_t place) {
      return inputs.results[place].state == State::kMissing;
    });
    strategy_.saw(places.size() - open.size(), static_cast<std::uint64_t>(missing));
  }
  const bool alone = places.size() == 1 && open.size() == 1;
  if (nameless != nullptr && alone) {
    return inputs.refuse(open[0], refusal_code(error_facts(*nameless)));
  }
  if (nameless != nullptr && open.size() > 1) {
    return in_halves(open, [&](Places half) { read(inputs, std::move(half)); });
  }
  if (alone && ids.size() == 1) return inputs.found(open[0], ids[0]);
  for (const auto place : open) {
    inputs.set(place, State::kUnaccounted);
    inputs.left_out[place] = told_something || nameless != nullptr;
  }
}

}  // namespace muster::hubspot
