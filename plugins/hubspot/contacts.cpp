#include "contacts.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

// Every batch of contacts takes at most 100 inputs (hubspot/api.md §4.1).
constexpr std::size_t kBatch = 100;
// Batches between two looks at the hit rate: enough to keep the connection busy.
constexpr std::size_t kWave = 8 * kBatch;
// Under `auto`, creating first is cheaper once this share of addresses has no contact: it costs
// one call for each 100 whatever the mix, reading first costs another for each 100 missing.
constexpr double kCreateFirstShare = 0.05;
constexpr std::uint64_t kEnoughAsked = 300;

using State = Resolution::State;

}  // namespace

//! What is being resolved: texts, results, and where a text's result goes.
struct Contacts::Inputs {
  enum class By { kEmail, kId } by;
  std::vector<std::string_view> texts;
  std::vector<Resolution> results;
  std::vector<Creation> creation;

  bool is_open(std::size_t place) const { return results[place].state == State::kOpen; }
  void set(std::size_t place, State state) { results[place].state = state; }
  void found(std::size_t place, const std::string& id) {
    results[place].state = State::kFound;
    results[place].record_id = id;
  }
};

bool Contacts::prefers_creating() const {
  switch (api_.settings().resolve) {
    case Resolve::kReadFirst:
      return false;
    case Resolve::kCreateFirst:
      return !conflicts_lack_ids_;
    case Resolve::kAuto:
      break;
  }
  return !conflicts_lack_ids_ && asked_ >= kEnoughAsked &&
         static_cast<double>(missing_) >= kCreateFirstShare * static_cast<double>(asked_);
}

std::vector<Resolution> Contacts::resolve(std::span<const Address> addresses) {
  Inputs inputs{Inputs::By::kEmail, {}, std::vector<Resolution>(addresses.size()), {}};
  for (const auto& address : addresses) {
    inputs.texts.push_back(address.email);
    inputs.creation.push_back(address.creation);
  }
  const auto may_create = [&](std::size_t place) {
    return inputs.creation[place] == Creation::kAllowed;
  };
  Places missing;  // known to be, and to be created
  for (std::size_t begin = 0; begin < addresses.size() && !api_.ended(); begin += kWave) {
    Places to_read;
    Places to_create;
    const bool creating = prefers_creating();
    for (auto place = begin; place < std::min(addresses.size(), begin + kWave); ++place) {
      (creating && may_create(place) ? to_create : to_read).push_back(place);
    }
    in_batches(inputs, to_create, &Contacts::create);
    api_.drain();
    // What conflicted without naming its contact is open again, and read.
    for (const auto place : to_create) {
      if (inputs.is_open(place)) to_read.push_back(place);
    }
    in_batches(inputs, to_read, &Contacts::read);
    api_.drain();
    for (const auto place : to_read) {
      if (inputs.results[place].state != State::kMissing || !may_create(place)) continue;
      missing.push_back(place);
      inputs.set(place, State::kOpen);
    }
  }
  in_batches(inputs, missing, &Contacts::create);
  api_.drain();
  // Someone else created it between our reading and our creating.
  Places conflicting;
  for (const auto place : missing) {
    if (inputs.is_open(place)) conflicting.push_back(place);
  }
  in_batches(inputs, conflicting, &Contacts::read);
  api_.drain();
  for (const auto place : conflicting) {
    if (inputs.results[place].state != State::kMissing) continue;
    inputs.results[place].state = State::kRejected;  // it exists, and can't be found
    inputs.results[place].detail = "CONFLICT";
  }
  for (auto& result : inputs.results) {
    if (result.state == State::kOpen) result.state = State::kSkipped;
  }
  return std::move(inputs.results);
}

std::vector<Resolution> Contacts::read_by_id(std::span<const std::string_view> ids) {
  Inputs inputs{Inputs::By::kId, {ids.begin(), ids.end()}, std::vector<Resolution>(ids.size()), {}};
  Places all(ids.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  in_batches(inputs, all, &Contacts::read);
  api_.drain();
  // A merged contact's answer may not say whom it answers for: asked alone, it must be the one.
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (inputs.results[i].state != State::kUnaccounted || api_.ended()) continue;
    inputs.set(i, State::kOpen);
    read(inputs, {i});
  }
  api_.drain();
  for (auto& result : inputs.results) {
    if (result.state == State::kOpen) result.state = State::kSkipped;
  }
  return std::move(inputs.results);
}

void Contacts::in_batches(Inputs& inputs, const Places& places,
                          void (Contacts::*send)(Inputs&, Places)) {
  for (std::size_t begin = 0; begin < places.size(); begin += kBatch) {
    const auto first = places.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::min(kBatch, places.size() - begin);
    (this->*send)(inputs, Places(first, first + static_cast<std::ptrdiff_t>(count)));
  }
}

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
  api_.send(std::move(request), [this, &inputs, places = std::move(places)](Answer& answer) {
    if (take_whole(inputs, places, answer)) return;
    if (answer.fate == Fate::kOk) return take_read(inputs, places, answer);
    if (places.size() == 1) {
      auto& result = inputs.results[places[0]];
      result.state = State::kRejected;
      result.detail = answer.error.code.empty() ? answer.error.category : answer.error.code;
      return;
    }
    const auto half = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
    read(inputs, Places(places.begin(), half));
    read(inputs, Places(half, places.end()));
  });
}

bool Contacts::take_whole(Inputs& inputs, const Places& places, const Answer& answer) {
  State state{};
  switch (answer.fate) {
    case Fate::kRetry:
      state = State::kRetry;
      break;
    case Fate::kInDoubt:
      state = State::kInDoubt;
      break;
    case Fate::kSkipped:
      state = State::kSkipped;
      break;
    default:
      return false;
  }
  for (const auto place : places) {
    inputs.set(place, state);
    inputs.results[place].wait_ms = answer.wait_ms;
  }
  return true;
}

void Contacts::take_read(Inputs& inputs, const Places& places, Answer& answer) {
  std::map<std::string, std::size_t, std::less<>> wanted;
  for (const auto place : places) wanted.emplace(inputs.texts[place], place);
  const auto take = [&](std::string_view text, const std::string& id) {
    const auto found = wanted.find(text);
    if (found != wanted.end() && inputs.is_open(found->second)) inputs.found(found->second, id);
  };
  const auto take_each = [&](std::string_view list, const std::string& id) {
    while (!list.empty()) {
      const auto end = std::min(list.find(';'), list.size());
      take(lower_case(list.substr(0, end)), id);
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  };
  std::string only_id;
  const auto* results = array_at(answer.body, "results");
  if (results != nullptr) {
    for (const auto& contact : *results) {
      const auto id = canonical_contact_id(id_at(contact, "id")).value_or(std::string{});
      if (id.empty()) continue;
      only_id = id;
      const auto* properties = find(contact, "properties");
      if (inputs.by == Inputs::By::kId) take(id, id);
      if (properties == nullptr) continue;
      if (inputs.by == Inputs::By::kId) {
        take_each(text_at(*properties, "hs_merged_object_ids"), id);
      } else {
        take(lower_case(text_at(*properties, "email")), id);
        take_each(text_at(*properties, "hs_additional_emails"), id);
      }
    }
  }
  // All that are missing stand in one error (hubspot/api.md §4.2).
  if (const auto* errors = array_at(answer.body, "errors")) {
    for (const auto& error : *errors) {
      const auto* context = find(error, "context");
      const auto* ids = context == nullptr ? nullptr : array_at(*context, "ids");
      const bool not_found = text_at(error, "category") == "OBJECT_NOT_FOUND";
      if (ids == nullptr || !not_found) continue;
      for (const auto& id : *ids) {
        const auto found = wanted.find(lower_case(id_of(id)));
        if (found != wanted.end() && inputs.is_open(found->second)) {
          inputs.set(found->second, State::kMissing);
        }
      }
    }
  }
  if (places.size() == 1 && inputs.is_open(places[0]) && inputs.by == Inputs::By::kId) {
    // Alone, the one result can only be the survivor; and none, with a good answer, is nobody.
    if (results != nullptr && results->size() == 1 && !only_id.empty()) {
      inputs.found(places[0], only_id);
    } else if (results != nullptr && results->empty()) {
      inputs.set(places[0], State::kMissing);
    }
  }
  for (const auto place : places) {
    if (inputs.is_open(place)) inputs.set(place, State::kUnaccounted);
    if (inputs.by != Inputs::By::kEmail) continue;
    ++asked_;
    if (inputs.results[place].state == State::kMissing) ++missing_;
  }
}

void Contacts::create(Inputs& inputs, Places places) {
  json::array asked;
  for (const auto place : places) {
    // A unique trace id for each input, or one bad address kills all 100 (§4.3).
    asked.emplace_back(json::object{{"objectWriteTraceId", std::to_string(place)},
                                    {"properties", json::object{{"email", inputs.texts[place]}}}});
  }
  Request request;
  request.method = "POST";
  request.path = api_.path_to(Path::kContactsCreate);
  request.body = json::serialize(json::object{{"inputs", std::move(asked)}});
  api_.send(std::move(request), [this, &inputs, places = std::move(places)](Answer& answer) {
    if (take_whole(inputs, places, answer)) return;
    if (answer.fate == Fate::kOk) return take_created(inputs, places, answer);
    if (places.size() == 1) return take_creation_error(inputs, places, answer.body);
    // The whole batch was refused for one of its inputs: halves find it.
    const auto half = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
    create(inputs, Places(places.begin(), half));
    create(inputs, Places(half, places.end()));
  });
}

void Contacts::take_created(Inputs& inputs, const Places& places, Answer& answer) {
  std::map<std::string, std::size_t, std::less<>> by_email;
  for (const auto place : places) by_email.emplace(inputs.texts[place], place);
  if (const auto* results = array_at(answer.body, "results")) {
    for (const auto& contact : *results) {
      const auto id = canonical_contact_id(id_at(contact, "id")).value_or(std::string{});
      const auto* properties = find(contact, "properties");
      if (id.empty() || properties == nullptr) continue;
      const auto found = by_email.find(lower_case(text_at(*properties, "email")));
      if (found == by_email.end() || !inputs.is_open(found->second)) continue;
      inputs.found(found->second, id);
      inputs.results[found->second].created = true;
    }
  }
  std::vector<std::size_t> refused;
  if (const auto* errors = array_at(answer.body, "errors")) {
    for (const auto& error : *errors) {
      const auto* context = find(error, "context");
      const auto* traces = context == nullptr ? nullptr : array_at(*context, "objectWriteTraceId");
      if (traces == nullptr) continue;
      for (const auto& trace : *traces) {
        const auto id = id_of(trace);
        const auto place = std::find_if(places.begin(), places.end(), [&](auto candidate) {
          return std::to_string(candidate) == id;
        });
        if (place == places.end() || !inputs.is_open(*place)) continue;
        refused.push_back(*place);
        take_creation_error(inputs, {*place}, error);
      }
    }
  }
  for (const auto place : places) {
    const bool told = std::find(refused.begin(), refused.end(), place) != refused.end();
    if (inputs.is_open(place) && !told) inputs.set(place, State::kUnaccounted);
  }
}

//! Why one address was not created: it exists, or HubSpot refuses it.
void Contacts::take_creation_error(Inputs& inputs, const Places& places, const json::value& error) {
  auto& result = inputs.results[places[0]];
  const auto facts = error_facts(error);
  if (facts.category == "CONFLICT") {
    const auto id = existing_id(error);
    if (!id.empty()) return inputs.found(places[0], id);
    conflicts_lack_ids_ = true;
    return;  // stays open: it is read
  }
  if (facts.category == "RATE_LIMITS") {
    result.state = State::kRetry;
    return;
  }
  result.state = State::kRejected;
  result.detail = facts.code.empty() ? facts.category : facts.code;
}

}  // namespace muster::hubspot
