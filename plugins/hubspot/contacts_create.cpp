// Creating contacts, and only that: an address that exists is a conflict, from which its contact
// is learnt (hubspot/api.md §4.3 to §4.5).
#include <algorithm>
#include <map>

#include "account_day.hpp"
#include "contacts.hpp"
#include "contacts_inputs.hpp"
#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

using State = Resolution::State;

}  // namespace

void Contacts::create(Inputs& inputs, Places places) {
  json::array asked;
  for (const auto place : places) {
    json::object properties{{"email", inputs.texts[place]}};
    for (std::size_t i = 0; i < inputs.names.size(); ++i) {
      if (!inputs.is_given(place, i)) continue;
      properties[sdk::view(inputs.names[i])] = sdk::view(inputs.values[place][i]);
    }
    // A unique trace id for each input, or one bad address kills all 100 (§4.3).
    asked.emplace_back(json::object{{"objectWriteTraceId", std::to_string(place)},
                                    {"properties", std::move(properties)}});
  }
  Request request;
  request.method = "POST";
  request.path = api_.path_to(Path::kContactsCreate);
  request.body = json::serialize(json::object{{"inputs", std::move(asked)}});
  request.not_found = Request::NotFound::kWrongVersion;
  request.inputs_hash = inputs.hash_of(places);
  const auto sent = api_.moment();
  api_.send(std::move(request), [this, &inputs, places = std::move(places), sent](Answer& answer) {
    const auto create_halves = [&](const Places& all) {
      in_halves(all, [&](Places half) { create(inputs, std::move(half)); });
    };
    if (answer.fate == Fate::kInDoubt) doubt(inputs, places, sent);
    // One input may be what HubSpot stumbles over: the others must not wait for it for ever.
    if (answer.fails_again && places.size() > 1 && !api_.ended()) {
      return create_halves(places);
    }
    if (take_whole(answer, places, inputs.results)) return;
    if (answer.fate == Fate::kOk) return take_created(inputs, places, answer, sent);
    if (places.size() == 1) {
      if (take_creation_error(inputs, places[0], answer.body, answer.status)) {
        return create(inputs, places);
      }
      if (inputs.results[places[0]].state == State::kRejected) {
        refuse(inputs, places[0], answer);
      }
      return;
    }
    // A conflict that refuses the whole batch names one contact at most: one read tells all
    // that exist, where halves would cost a dozen calls for each of them (§4.4).
    const bool unread = !inputs.was_read[places[0]];
    if (answer.fate == Fate::kConflict) strategy_.saw_batch_refused();
    if (answer.fate == Fate::kConflict && unread) return;  // open: they are read next
    create_halves(places);
  });
}

void Contacts::take_created(Inputs& inputs, const Places& places, const Answer& answer,
                            const Moment& sent) {
  std::map<std::string, std::size_t, std::less<>> by_email;
  std::map<std::string, std::size_t, std::less<>> by_trace;
  for (const auto place : places) {
    by_email.emplace(inputs.texts[place], place);
    by_trace.emplace(std::to_string(place), place);
  }
  if (const auto* results = array_at(answer.body, "results")) {
    for (const auto& contact : *results) {
      const auto id = canonical_contact_id(id_at(contact, "id")).value_or(std::string{});
      const auto* properties = find(contact, "properties");
      if (id.empty()) continue;
      auto found = by_trace.find(id_at(contact, "objectWriteTraceId"));
      if (found == by_trace.end() && properties != nullptr) {
        found = by_email.find(lower_case(text_at(*properties, "email")));
        if (found == by_email.end()) continue;
      } else if (found == by_trace.end()) {
        continue;
      }
      if (!inputs.is_open(found->second)) continue;
      inputs.found(found->second, id);
      inputs.created(found->second);
      settle_doubt(inputs, found->second);
    }
  }
  Places told;   // of what stays open: a conflict that names nobody
  Places again;  // without a value that was refused
  const json::value* nameless = nullptr;
  if (const auto* errors = array_at(answer.body, "errors")) {
    for (const auto& error : *errors) {
      const auto* context = find(error, "context");
      const auto* traces = context == nullptr ? nullptr : array_at(*context, "objectWriteTraceId");
      if (traces == nullptr || traces->empty()) {
        nameless = &error;
        continue;
      }
      for (const auto& trace : *traces) {
        const auto found = by_trace.find(id_of(trace));
        if (found == by_trace.end() || !inputs.is_open(found->second)) continue;
        if (std::find(told.begin(), told.end(), found->second) != told.end()) continue;
        told.push_back(found->second);
        if (take_creation_error(inputs, found->second, error)) again.push_back(found->second);
      }
    }
  }
  Places left;
  for (const auto place : places) {
    const bool was_told = std::find(told.begin(), told.end(), place) != told.end();
    if (inputs.is_open(place) && !was_told) left.push_back(place);
  }
  if (nameless != nullptr && places.size() == 1 && !left.empty()) {
    if (take_creation_error(inputs, left[0], *nameless)) again.push_back(left[0]);
    left.clear();
  }
  // Whoever is left out may have been created.
  doubt(inputs, left, sent);
  if (nameless == nullptr) {
    for (const auto place : left) inputs.set(place, State::kUnaccounted);
  } else if (left.size() == 1) {
    create(inputs, left);
  } else if (!left.empty()) {
    // An error is someone's of them: created again, each half tells more.
    in_halves(left, [&](Places half) { create(inputs, std::move(half)); });
  }
  if (!again.empty()) create(inputs, std::move(again));
}

//! Whether these contacts were made will be seen when they are looked for.
void Contacts::doubt(const Inputs& inputs, const Places& places, const Moment& sent) {
  for (const auto place : places) {
    doubted_.try_emplace(std::string(inputs.texts[place]),
                         Doubted{sent, !inputs.refused_values[place].empty()});
  }
}

void Contacts::settle_doubt(const Inputs& inputs, std::size_t place) {
  const auto found = doubted_.find(inputs.texts[place]);
  if (found != doubted_.end()) doubted_.erase(found);
}

//! Who was found: made by a creation whose answer was lost, if no older than that.
void Contacts::take_doubted(Inputs& inputs, std::size_t place, const json::value& contact) {
  const auto found = doubted_.find(inputs.texts[place]);
  if (found == doubted_.end()) return;
  const auto created = instant_ms(text_at(contact, "createdAt"));
  if (created && !found->second.sent.is_surely_after(*created)) {
    inputs.results[place].created = true;
    inputs.results[place].values_left_out = found->second.values_left_out;
  }
  doubted_.erase(found);
}

//! Why one address was not created: it exists, or HubSpot refuses it.
bool Contacts::take_creation_error(Inputs& inputs, std::size_t place, const json::value& error,
                                   int status) {
  const auto facts = error_facts(error);
  if (facts.category == "CONFLICT" || status == 409) {
    const auto id = existing_id(error);
    if (id.empty()) {  // stays open: it is read
      strategy_.saw_conflicts(0, 1);
      return false;
    }
    strategy_.saw_conflicts(1, 0);
    // Whether it is the one that may have been created here, its age tells: it is read.
    if (!is_doubted(inputs, place)) inputs.found(place, id);
    return false;
  }
  if (facts.category == "RATE_LIMITS") {
    inputs.set(place, State::kRetry);
    return false;
  }
  // A value that HubSpot does not take is no reason to leave its person out.
  auto refusal = refusal_code(facts, status);
  if (inputs.leave_out(place, refusal)) return true;
  // Who may have been created before stays in doubt: it is a refusal of this creation alone.
  inputs.refuse(place, std::move(refusal));
  return false;
}

//! No single input is too large: the next try may find HubSpot better.
void Contacts::refuse(Inputs& inputs, std::size_t place, const Answer& answer) {
  inputs.refuse(place, refusal_code(answer.error, answer.status));
  if (answer.fate == Fate::kTooLarge) inputs.set(place, State::kUnaccounted);
}

bool Contacts::is_doubted(const Inputs& inputs, std::size_t place) const {
  return doubted_.find(inputs.texts[place]) != doubted_.end();
}

}  // namespace muster::hubspot
