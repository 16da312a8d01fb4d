// In which order contacts are read and created; what becomes of whole answers.
#include "contacts.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>

#include "contacts_inputs.hpp"

namespace muster::hubspot {
namespace {

using State = Resolution::State;

}  // namespace

std::vector<Resolution> Contacts::resolve(std::span<const Address> addresses,
                                          std::span<const muster_text> properties) {
  Inputs inputs(Inputs::By::kEmail, addresses.size());
  inputs.names = properties;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    inputs.texts.push_back(addresses[i].email);
    inputs.creation.push_back(addresses[i].creation);
    inputs.values[i] = addresses[i].values;
  }
  const auto may_create = [&](std::size_t place) {
    return inputs.creation[place] == Creation::kAllowed;
  };
  Places missing;  // known to be, and to be created
  std::map<std::size_t, std::string> refused;
  // A few first, from which the strategy learns; the others at once, so that the connection is
  // never idle between two of their batches.
  auto wave = Strategy::kLookedAtFirst;
  for (std::size_t begin = 0; begin < addresses.size() && !api_.ended();
       begin += wave, wave = addresses.size()) {
    Places to_read;
    Places to_create;
    const bool creating = strategy_.creates_first();
    for (auto place = begin; place < std::min(addresses.size(), begin + wave); ++place) {
      // Whose creation is in doubt is looked for: a conflict would not tell who made the contact.
      const bool first = creating && may_create(place) && !doubted_.contains(inputs.texts[place]);
      (first ? to_create : to_read).push_back(place);
    }
    create_all(inputs, to_create);
    // What conflicted without naming its contact is open again, and read.
    for (const auto place : to_create) {
      // HubSpot may refuse a creation before it looks whether there is such a contact already.
      if (inputs.results[place].state == State::kRejected) {
        refused.emplace(place, inputs.results[place].detail);
        inputs.set(place, State::kOpen);
      }
      if (inputs.is_open(place)) to_read.push_back(place);
    }
    read_all(inputs, to_read);
    ask_rest(inputs, to_read);
    for (const auto place : to_read) {
      if (inputs.results[place].state != State::kMissing || !may_create(place)) continue;
      if (const auto refusal = refused.find(place); refusal != refused.end()) {
        inputs.refuse(place, refusal->second);
        continue;
      }
      missing.push_back(place);
      inputs.set(place, State::kOpen);
      inputs.was_read[place] = true;
    }
  }
  create_all(inputs, missing);
  // Someone else created it between our reading and our creating; or we did, the answer lost its
  // entry, and what was sent again was refused.
  Places conflicting;
  for (const auto place : missing) {
    if (inputs.results[place].state == State::kRejected && is_doubted(inputs, place)) {
      refused.insert_or_assign(place, inputs.results[place].detail);
      inputs.set(place, State::kOpen);
    }
    if (inputs.is_open(place)) conflicting.push_back(place);
  }
  read_all(inputs, conflicting);
  for (const auto place : conflicting) {
    if (inputs.results[place].state != State::kMissing) continue;
    const auto refusal = refused.find(place);
    // Else it exists, and can't be found.
    inputs.refuse(place, refusal == refused.end() ? "CONFLICT" : refusal->second);
  }
  return inputs.take();
}

std::vector<Resolution> Contacts::read_by_id(std::span<const std::string_view> ids) {
  // An id that stands twice refuses the whole request (hubspot/api.md §4.3): asked once.
  std::unordered_map<std::string_view, std::size_t> place_of;
  std::vector<std::size_t> places;
  for (const auto id : ids)
    places.push_back(place_of.try_emplace(id, place_of.size()).first->second);
  Inputs inputs(Inputs::By::kId, place_of.size());
  inputs.texts.resize(place_of.size());
  for (const auto& [id, place] : place_of) inputs.texts[place] = id;
  Places all(place_of.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  read_all(inputs, all);
  ask_rest(inputs, all);
  const auto found = inputs.take();
  std::vector<Resolution> resolutions;
  resolutions.reserve(ids.size());
  for (const auto place : places) resolutions.push_back(found[place]);
  return resolutions;
}

//! Those whom an answer left out that told something of others: some of its entries were lost, or
//! a merged contact's entry did not say whom it is for (§4.7). Not after an answer that told
//! nothing at all, which is HubSpot's failure.
void Contacts::ask_rest(Inputs& inputs, const Places& places) {
  for (auto rest = left_out(inputs, places); !rest.empty() && !api_.ended();) {
    ask_again(inputs, rest);
    auto left = left_out(inputs, rest);
    if (left.size() == rest.size()) return ask_parts(inputs, rest);
    rest = std::move(left);
  }
}

//! Together they got no answer. One that is asked alone can only be meant by its own.
void Contacts::ask_parts(Inputs& inputs, const Places& places) {
  if (places.size() == 1 || api_.ended()) return;
  // As many entries as were asked, and none says for whom: halves would not tell either.
  if (inputs.unclaimed >= places.size()) {
    for (const auto place : places) ask_again(inputs, {place});
    return;
  }
  in_halves(places, [&](const Places& half) {
    ask_again(inputs, half);
    ask_parts(inputs, left_out(inputs, half));
  });
}

Places Contacts::left_out(const Inputs& inputs, const Places& places) {
  Places rest;
  for (const auto place : places) {
    if (inputs.results[place].state == State::kUnaccounted && inputs.left_out[place]) {
      rest.push_back(place);
    }
  }
  return rest;
}

void Contacts::ask_again(Inputs& inputs, const Places& places) {
  for (const auto place : places) {
    inputs.set(place, State::kOpen);
    inputs.left_out[place] = false;
  }
  inputs.unclaimed = 0;
  read_all(inputs, places);
}

void Contacts::read_all(Inputs& inputs, const Places& places) {
  in_batches(places, [&](Places batch) { read(inputs, std::move(batch)); });
  api_.drain();
}

void Contacts::create_all(Inputs& inputs, const Places& places) {
  in_batches(places, [&](Places batch) { create(inputs, std::move(batch)); });
  api_.drain();
}

}  // namespace muster::hubspot
