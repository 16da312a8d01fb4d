#include "property_writer.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

using State = Resolution::State;

}  // namespace

struct PropertyWriter::Writing {
  std::span<const PropertyWrite> writes;
  std::span<const muster_text> names;
  std::vector<Resolution> results;
};

std::vector<Resolution> PropertyWriter::write(std::span<const PropertyWrite> writes,
                                              std::span<const muster_text> names) {
  Writing writing{writes, names, std::vector<Resolution>(writes.size())};
  Places all;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    writing.results[i].record_id = writes[i].record_id;
    all.push_back(i);
  }
  send_all(writing, all);
  follow_merges(writing);
  for (auto& result : writing.results) {
    if (result.state == State::kOpen) result.state = State::kSkipped;
  }
  return std::move(writing.results);
}

//! Two members may be one contact, and one id may stand in a batch once (§4.3): the second of them
//! waits for the next round.
void PropertyWriter::send_all(Writing& writing, const Places& places) {
  auto left = places;
  while (!left.empty()) {
    std::set<std::string> ids;
    Places now;
    Places later;
    for (const auto place : left) {
      const bool is_first = ids.insert(writing.results[place].record_id).second;
      (is_first ? now : later).push_back(place);
    }
    in_batches(now, [&](Places batch) { send(writing, std::move(batch)); });
    api_.drain();
    left = std::move(later);
  }
}

void PropertyWriter::send(Writing& writing, Places places) {
  json::array inputs;
  for (const auto place : places) {
    json::object properties;
    const auto values = writing.writes[place].values;
    for (std::size_t i = 0; i < std::min(values.size(), writing.names.size()); ++i) {
      properties[sdk::view(writing.names[i])] = sdk::view(values[i]);
    }
    inputs.emplace_back(json::object{{"id", writing.results[place].record_id},
                                     {"objectWriteTraceId", std::to_string(place)},
                                     {"properties", std::move(properties)}});
  }
  Request request;
  request.method = "POST";
  request.path = api_.path_to(Path::kContactsUpdate);
  request.body = json::serialize(json::object{{"inputs", std::move(inputs)}});
  request.not_found = Request::NotFound::kWrongVersion;
  for (const auto place : places) {
    request.inputs_hash =
        request.inputs_hash * 31 + std::hash<std::string>{}(writing.results[place].record_id);
  }
  api_.send(std::move(request), [this, &writing, places = std::move(places)](Answer& answer) {
    const auto send_halves = [&] {
      in_halves(places, [&](Places half) { send(writing, std::move(half)); });
    };
    if (answer.fails_again && places.size() > 1 && !api_.ended()) return send_halves();
    if (take_whole(answer, places, writing.results)) return;
    if (answer.fate == Fate::kOk) return take(writing, places, answer);
    if (places.size() > 1) return send_halves();
    refuse(writing, places[0], answer);
  });
}

void PropertyWriter::refuse(Writing& writing, std::size_t place, const Answer& answer) {
  auto& result = writing.results[place];
  // One contact's values are not too much, and whoever wrote to it at the same time has done so by
  // the next try, or the next run (hubspot/api.md §4.2). What names no reason says nothing of them.
  const auto& error = answer.error;
  const bool names_no_reason =
      error.code.empty() && error.sub_category.empty() && error.category.empty();
  const bool of_a_moment =
      answer.fate == Fate::kTooLarge || answer.fate == Fate::kConflict || names_no_reason;
  result.state = of_a_moment ? State::kUnaccounted : State::kRejected;
  result.detail = refusal_code(answer.error, answer.status);
}

//! A contact's lifecycle stage goes forward only: one that would lead it back is not taken, and no
//! error says so (§10.21).
bool PropertyWriter::kept_its_stage(const Writing& writing, std::size_t place,
                                    const json::value& contact) {
  constexpr const char* kStage = "lifecyclestage";
  const auto* properties = find(contact, "properties");
  if (properties == nullptr) return false;
  const auto stage = lower_case(text_at(*properties, kStage));
  const auto values = writing.writes[place].values;
  for (std::size_t i = 0; i < std::min(values.size(), writing.names.size()); ++i) {
    if (sdk::view(writing.names[i]) != kStage || values[i].size == 0 || stage.empty()) continue;
    return lower_case(sdk::view(values[i])) != stage;
  }
  return false;
}

void PropertyWriter::take(Writing& writing, const Places& places, const Answer& answer) {
  PlacesByName by_id;
  PlacesByName by_trace;
  for (const auto place : places) {
    by_id.emplace(writing.results[place].record_id, place);
    by_trace.emplace(std::to_string(place), place);
  }
  if (const auto* results = array_at(answer.body, "results")) {
    for (const auto& contact : *results) {
      const auto found = by_id.find(id_at(contact, "id"));
      if (found == by_id.end()) continue;
      auto& result = writing.results[found->second];
      result.state = State::kFound;
      if (!kept_its_stage(writing, found->second, contact)) continue;
      result.state = State::kRejected;
      result.detail = "LIFECYCLESTAGE_MOVES_FORWARD";
    }
  }
  std::optional<ErrorFacts> of_nobody;
  if (const auto* errors = array_at(answer.body, "errors")) {
    for (const auto& error : *errors) {
      const auto facts = error_facts(error);
      const auto* context = find(error, "context");
      bool of_somebody = false;
      if (context != nullptr) {
        of_somebody =
            take_error(writing, facts, array_at(*context, "objectWriteTraceId"), by_trace);
        of_somebody = take_error(writing, facts, array_at(*context, "ids"), by_id) || of_somebody;
      }
      if (!of_somebody) of_nobody = facts;
    }
  }
  Places open;
  for (const auto place : places) {
    if (writing.results[place].state == State::kOpen) open.push_back(place);
  }
  if (open.empty()) return;
  if (of_nobody && open.size() > 1 && !api_.ended()) {  // halves tell whom it is about
    return in_halves(open, [&](Places half) { send(writing, std::move(half)); });
  }
  for (const auto place : open) {
    if (of_nobody) {
      take_fault(writing.results[place], *of_nobody);
    } else {
      writing.results[place].state = State::kUnaccounted;
    }
  }
}

void PropertyWriter::take_fault(Resolution& result, const ErrorFacts& facts) {
  result.state = facts.category == "OBJECT_NOT_FOUND" ? State::kMissing
                 : facts.category == "RATE_LIMITS"    ? State::kRetry
                 : facts.category == "CONFLICT"       ? State::kUnaccounted
                                                      : State::kRejected;
  if (result.state == State::kRejected) result.detail = refusal_code(facts);
}

//! Whether the error, whose context has `names`, is about one of those asked for.
bool PropertyWriter::take_error(Writing& writing, const ErrorFacts& facts, const json::array* names,
                                const PlacesByName& places) {
  bool of_somebody = false;
  if (names == nullptr) return false;
  for (const auto& name : *names) {
    const auto found = places.find(id_of(name));
    if (found == places.end()) continue;
    of_somebody = true;
    auto& result = writing.results[found->second];
    if (result.state == State::kOpen) take_fault(result, facts);
  }
  return of_somebody;
}

//! An id that was merged is left out, with 200 and no error (§4.7): its survivor is written to.
void PropertyWriter::follow_merges(Writing& writing) {
  Places left_out;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < writing.results.size(); ++i) {
    if (writing.results[i].state != State::kUnaccounted || api_.ended()) continue;
    left_out.push_back(i);
    ids.push_back(writing.results[i].record_id);
  }
  if (left_out.empty()) return;
  const std::vector<std::string_view> views(ids.begin(), ids.end());
  const auto found = contacts_.read_by_id(views);
  Places again;
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    auto& result = writing.results[left_out[i]];
    if (found[i].state == State::kMissing) result.state = State::kMissing;
    if (found[i].state != State::kFound || found[i].record_id == result.record_id) continue;
    result.record_id = found[i].record_id;
    result.state = State::kOpen;
    again.push_back(left_out[i]);
  }
  send_all(writing, again);
}

}  // namespace muster::hubspot
