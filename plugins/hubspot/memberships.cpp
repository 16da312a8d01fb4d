#include "memberships.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>

#include "list_answers.hpp"
#include "resolution.hpp"

namespace muster::hubspot {
namespace {

// Records whose memberships one call tells, as in every batch.
constexpr std::size_t kSample = 100;
// Reading right after writing may lag; no figure is documented (hubspot/api.md §5).
constexpr std::array<std::int64_t, 3> kSettlingWaitsMs{1'000, 4'000, 10'000};
// HubSpot's own spelling has one s too many; both are met (hubspot/api.md §5).
constexpr std::array kAdded{"recordsIdsAdded", "recordIdsAdded"};
constexpr std::array kRemoved{"recordIdsRemoved", "recordsIdsRemoved"};
constexpr std::array kMissing{"recordIdsMissing", "recordsIdsMissing"};

//! The ids under either name; an array that is absent is empty. `said`: one was there.
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

bool is_empty_object(const json::value& body) {
  const auto* object = body.if_object();
  return object != nullptr && object->empty();
}

void set(std::vector<Written>& written, std::size_t begin, std::size_t end, Written::State state,
         std::int64_t wait_ms = -1) {
  for (auto i = begin; i < end; ++i) {
    written[i].state = state;
    written[i].wait_ms = wait_ms;
  }
}

//! Whether it was the size, perhaps, that kept an answer from coming.
bool timed_out(const Answer& answer) {
  return answer.status == 0 || answer.status == 408 || answer.status == 504 || answer.status == 524;
}

}  // namespace

std::size_t Memberships::largest() const {
  return std::max<std::size_t>(1, std::min(ceiling_, api_.settings().membership_chunk));
}

std::size_t Memberships::one_call() const { return std::min({kFirst, chunk_, largest()}); }

std::vector<Written> Memberships::write(std::string_view list, const std::vector<Change>& changes) {
  Writing writing{list, changes, std::vector<Written>(changes.size())};
  std::size_t begin = 0;
  while (begin < changes.size() && !api_.ended()) {
    const auto size = std::min({chunk_, largest(), changes.size() - begin});
    write_range(writing, {begin, begin + size});
    begin += size;
  }
  return std::move(writing.written);
}

std::uint64_t Memberships::calls_for(std::initializer_list<std::uint64_t> changes,
                                     std::uint64_t batch) const {
  std::uint64_t calls = 0;
  std::uint64_t chunk = std::min(chunk_, largest());
  for (auto left : changes) {
    while (left > 0) {
      auto in_batch = std::min(left, batch);
      left -= in_batch;
      while (in_batch > 0) {
        const auto size = std::min(chunk, in_batch);
        if (size == chunk) chunk = std::min<std::uint64_t>(chunk * 2, largest());
        in_batch -= size;
        ++calls;
      }
    }
  }
  return calls;
}

void Memberships::write_range(Writing& writing, Range range) {
  json::array to_add;
  json::array to_remove;
  for (auto i = range.begin; i < range.end; ++i) {
    const auto& change = writing.changes[i];
    (change.kind == Change::Kind::kAdd ? to_add : to_remove).emplace_back(change.record_id);
  }
  Request request;
  request.method = "PUT";
  request.path = api_.path_to(Path::kMembershipsChange, percent_encoded(writing.list));
  request.body = json::serialize(json::object{{"recordIdsToAdd", std::move(to_add)},
                                              {"recordIdsToRemove", std::move(to_remove)}});
  const auto answer = api_.call(std::move(request));
  switch (answer.fate) {
    case Fate::kOk:
      take(writing, range, answer);
      if (range.size() >= chunk_) chunk_ = std::min(chunk_ * 2, largest());
      return;
    case Fate::kRetry:
      return set(writing.written, range.begin, range.end, Written::State::kRetry, answer.wait_ms);
    case Fate::kInDoubt:
      chunk_ = std::max<std::size_t>(1, range.size() / 2);  // it may have been too much at once
      if (timed_out(answer)) ceiling_ = std::min(ceiling_, chunk_);
      return set(writing.written, range.begin, range.end, Written::State::kInDoubt, answer.wait_ms);
    case Fate::kSkipped:
      return;
    case Fate::kNotFound:
      throw_list_failure(api_, answer, writing.list, "write to the list");
    case Fate::kRefused:
    case Fate::kConflict:
    case Fate::kTooLarge:
      return find_culprit(writing, range, answer);
  }
}

//! Refused as a whole: the list is none that can be written to, or it was too much at once, or one
//! id is the culprit, which halves find.
void Memberships::find_culprit(Writing& writing, Range range, const Answer& refusal) {
  if (refusal.fate != Fate::kTooLarge && !writing.list_checked) {
    lists_.check(writing.list);
    writing.list_checked = true;
  }
  if (range.size() == 1) {
    writing.written[range.begin].state = Written::State::kRejected;
    writing.written[range.begin].detail = refusal_code(refusal.error, refusal.status);
    return;
  }
  const auto half = range.begin + range.size() / 2;
  write_range(writing, {range.begin, half});
  write_range(writing, {half, range.end});
  const auto begin = writing.written.begin();
  const bool found_one =
      std::any_of(begin + static_cast<std::ptrdiff_t>(range.begin),
                  begin + static_cast<std::ptrdiff_t>(range.end),
                  [](const Written& one) { return one.state == Written::State::kRejected; });
  // Nobody's fault: then it was the size, which stays the limit.
  if (refusal.fate != Fate::kTooLarge && found_one) return;
  ceiling_ = std::min(ceiling_, range.size() / 2);
  chunk_ = std::min(chunk_, largest());
}

void Memberships::take(Writing& writing, Range range, const Answer& answer) {
  bool said = false;
  const auto added = ids_in(answer.body, kAdded, said);
  const auto removed = ids_in(answer.body, kRemoved, said);
  const auto missing = ids_in(answer.body, kMissing, said);
  // With every array left out it means that nothing changed; anything else is no answer to this.
  if (!said && !is_empty_object(answer.body)) {
    return set(writing.written, range.begin, range.end, Written::State::kUnaccounted);
  }
  bool mentions_added = false;
  bool mentions_removed = false;
  for (auto i = range.begin; i < range.end; ++i) {
    const auto& [kind, id] = writing.changes[i];
    const bool changed = kind == Change::Kind::kAdd ? added.contains(id) : removed.contains(id);
    writing.written[i].state = changed                ? Written::State::kChanged
                               : missing.contains(id) ? Written::State::kMissing
                                                      : Written::State::kUnchanged;
    auto& mentioned = kind == Change::Kind::kAdd ? mentions_added : mentions_removed;
    mentioned = mentioned || writing.written[i].state != Written::State::kUnchanged;
  }
  if (!mentions_added) confirm_unchanged(writing, range, Change::Kind::kAdd);
  if (!mentions_removed) confirm_unchanged(writing, range, Change::Kind::kRemove);
}

//! Not one id of a kind is mentioned: all were so already, or nothing was done (§4.3 knows such
//! silent failures). What the lists of a few say decides, and HubSpot's refusal to say it decides
//! nothing.
void Memberships::confirm_unchanged(Writing& writing, Range range, Change::Kind kind) {
  std::vector<std::size_t> places;
  for (auto i = range.begin; i < range.end; ++i) {
    if (writing.changes[i].kind == kind) places.push_back(i);
  }
  if (places.empty()) return;
  const auto step = (places.size() + kSample - 1) / kSample;
  std::map<std::string, std::size_t> open;
  json::array inputs;
  for (std::size_t i = 0; i < places.size(); i += step) {
    const auto& id = writing.changes[places[i]].record_id;
    open.emplace(id, places[i]);
    inputs.emplace_back(json::object{{"objectTypeId", "0-1"}, {"recordId", id}});
  }
  const auto sampled = open.size();
  const auto body = json::serialize(json::object{{"inputs", std::move(inputs)}});
  for (std::size_t look = 0;; ++look) {
    Request request;
    request.method = "POST";
    request.path = api_.path_to(Path::kMembershipsOfRecords);
    request.body = body;
    const auto answer = api_.call(std::move(request));
    const auto* results = array_at(answer.body, "results");
    if (answer.fate != Fate::kOk || results == nullptr) return;
    for (const auto& result : *results) {
      const auto found = open.find(id_at(result, "recordId"));
      const auto* lists = array_at(result, "recordListMemberships");
      if (found == open.end() || lists == nullptr) continue;
      const bool is_member = std::any_of(lists->begin(), lists->end(), [&](const auto& entry) {
        return id_at(entry, "listId") == writing.list;
      });
      const bool wanted = kind == Change::Kind::kAdd;
      if (is_member == wanted) open.erase(found);
    }
    if (open.empty() || look == kSettlingWaitsMs.size()) break;
    if (!api_.wait(kSettlingWaitsMs[look])) break;
  }
  if (open.size() == sampled) {
    for (const auto place : places) writing.written[place].state = Written::State::kUnaccounted;
    return;
  }
  for (const auto& [id, place] : open) {
    writing.written[place].state = Written::State::kUnaccounted;
  }
}

}  // namespace muster::hubspot
