#include "memberships.hpp"

#include <algorithm>
#include <functional>

#include "list_answers.hpp"

namespace muster::hubspot {
namespace {

// No call is made smaller than that: what fails at such a size fails for another reason.
constexpr std::size_t kFewest = 100;
constexpr std::size_t kMostPatience = 1'024;
bool is_empty_object(const json::value& body) {
  const auto* object = body.if_object();
  return object != nullptr && object->empty();
}

void set(std::span<Written> written, std::size_t begin, std::size_t end, Written::State state,
         std::int64_t wait_ms = -1) {
  for (auto i = begin; i < end; ++i) {
    if (written[i].state == Written::State::kChanged) continue;  // by a call for it alone
    written[i].state = state;
    written[i].wait_ms = wait_ms;
  }
}

std::size_t hash_of(const std::vector<Change>& changes, std::size_t begin, std::size_t end) {
  std::size_t hash = end - begin;
  for (auto i = begin; i < end; ++i) {
    hash = hash * 1'099'511'628'211U + std::hash<std::string>{}(changes[i].record_id) +
           (changes[i].kind == Change::Kind::kAdd ? 1U : 0U);
  }
  return hash | 1U;
}

//! Whether it took too long: HubSpot, whatever stands before it, or we gave up waiting.
bool timed_out(const Answer& answer, std::int64_t took_ms, std::int64_t timeout_ms) {
  if (answer.status == 0) return took_ms >= timeout_ms;
  return answer.status == 408 || answer.status == 504 || answer.status == 524;
}

}  // namespace

std::size_t Memberships::largest() const {
  return std::max<std::size_t>(1, std::min(ceiling_, api_.settings().membership_chunk));
}

void Memberships::succeeded(std::size_t size) {
  if (size >= suspect_) {  // then it was not the size
    suspect_ = ceiling_ = SIZE_MAX;
    patience_ = kFirstPatience;
  }
  if (size < chunk_) return;
  if (size >= ceiling_ && ++at_ceiling_ >= patience_) {
    // It may have been HubSpot's bad hour. Where it was not, it is tried half as often from now on.
    ceiling_ *= 2;
    patience_ = std::min(patience_ * 2, kMostPatience);
    at_ceiling_ = 0;
  }
  chunk_ = std::min(chunk_ * 2, largest());
}

//! A call that is small beside what is being tried says nothing of the size, unless it fails again.
void Memberships::failed(std::size_t size, Failed how) {
  if (size <= kFewest) return;
  const bool again = size >= suspect_;
  suspect_ = std::min(suspect_, size);
  if (!again && size < chunk_ / 2) return;
  const auto half = std::max(kFewest, size / 2);
  chunk_ = std::min(chunk_, half);
  if (!again || how != Failed::kForItsSize || half >= ceiling_) return;
  ceiling_ = half;
  at_ceiling_ = 0;
}

std::size_t Memberships::one_call() const { return std::min({kFirst, chunk_, largest()}); }

void Memberships::write(std::string_view list, const std::vector<Change>& changes,
                        std::span<Written> written) {
  Writing writing{list, changes, written, {}, {}, false};
  std::size_t begin = 0;
  while (begin < changes.size() && !api_.ended()) {
    const auto size = std::min({chunk_, largest(), changes.size() - begin});
    write_range(writing, {begin, begin + size});
    begin += size;
  }
  confirm(writing, writing.unmentioned_adds);
  confirm(writing, writing.unmentioned_removals);
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
  request.inputs_hash = hash_of(writing.changes, range.begin, range.end);
  request.method = "PUT";
  request.path = api_.path_to(Path::kMembershipsChange, percent_encoded(writing.list));
  request.body = json::serialize(json::object{{"recordIdsToAdd", std::move(to_add)},
                                              {"recordIdsToRemove", std::move(to_remove)}});
  const auto timeout_ms = request.timeout_ms;
  const auto sent_ms = api_.now_ms();
  const auto answer = api_.call(std::move(request));
  switch (answer.fate) {
    case Fate::kOk:
      refusals_.taken();
      succeeded(range.size());
      return take(writing, range, answer);
    case Fate::kRetry:
      return set(writing.written, range.begin, range.end, Written::State::kRetry, answer.wait_ms);
    case Fate::kInDoubt:
      // It may have been too much at once.
      failed(range.size(), timed_out(answer, api_.now_ms() - sent_ms, timeout_ms)
                               ? Failed::kForItsSize
                               : Failed::kPerhaps);
      // Or one id is what HubSpot stumbles over: the others must not wait for it for ever.
      if (answer.fails_again && range.size() > 1 && !api_.ended()) {
        return write_halves(writing, range);
      }
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

void Memberships::write_halves(Writing& writing, Range range) {
  const auto half = range.begin + range.size() / 2;
  write_range(writing, {range.begin, half});
  write_range(writing, {half, range.end});
}

//! Refused as a whole: the list is none that can be written to, or it was too much at once, or one
//! id is the culprit, which halves find.
void Memberships::find_culprit(Writing& writing, Range range, const Answer& refusal) {
  if (refusal.fate != Fate::kTooLarge && !writing.list_checked) {
    lists_.check(writing.list);
    writing.list_checked = true;
  }
  if (range.size() == 1) {
    return refuse(writing, range.begin, refusal);
  }
  write_halves(writing, range);
  const auto begin = writing.written.begin();
  const bool found_one =
      std::any_of(begin + static_cast<std::ptrdiff_t>(range.begin),
                  begin + static_cast<std::ptrdiff_t>(range.end),
                  [](const Written& one) { return one.state == Written::State::kRejected; });
  // Nobody's fault: then it was the size, perhaps.
  if (refusal.fate == Fate::kTooLarge || !found_one) failed(range.size(), Failed::kForItsSize);
}

//! Sends the last of those that were not tried yet, alone. Whether it is refused for the same; not
//! where there is none.
bool Memberships::is_last_refused(Writing& writing, const std::string& code) {
  for (auto i = writing.written.size(); i > 0; --i) {
    const auto& last = writing.written[i - 1];
    if (last.state != Written::State::kSkipped) continue;
    write_range(writing, {i - 1, i});
    return last.detail == code;
  }
  return false;
}

//! One id alone.
void Memberships::refuse(Writing& writing, std::size_t place, const Answer& refusal) {
  auto& written = writing.written[place];
  // No single id is too much: the next try may find HubSpot better.
  written.state =
      refusal.fate == Fate::kTooLarge ? Written::State::kUnaccounted : Written::State::kRejected;
  written.detail = refusal_code(refusal.error, refusal.status);
  const auto code = written.detail;
  if (!refusals_.are_of_everyone(refusal, [&] { return is_last_refused(writing, code); })) return;
  for (auto& one : writing.written) {
    if (one.detail == code) one = {Written::State::kRetry, {}, -1};
  }
}

void Memberships::take(Writing& writing, Range range, const Answer& answer) {
  bool said = false;
  const auto added = ids_in(answer.body, kIdsAdded, said);
  const auto removed = ids_in(answer.body, kIdsRemoved, said);
  const auto missing = ids_in(answer.body, kIdsMissing, said);
  // With every array left out it means that nothing changed; anything else is no answer to this.
  if (!said && !is_empty_object(answer.body)) {
    return set(writing.written, range.begin, range.end, Written::State::kUnaccounted);
  }
  for (auto i = range.begin; i < range.end; ++i) {
    if (writing.written[i].state == Written::State::kChanged) continue;  // by a call for it alone
    const auto& [kind, id] = writing.changes[i];
    const bool is_add = kind == Change::Kind::kAdd;
    const bool changed = is_add ? added.contains(id) : removed.contains(id);
    writing.written[i].state = changed                ? Written::State::kChanged
                               : missing.contains(id) ? Written::State::kMissing
                                                      : Written::State::kUnmentioned;
    if (writing.written[i].state != Written::State::kUnmentioned) continue;
    (is_add ? writing.unmentioned_adds : writing.unmentioned_removals).push_back(i);
  }
}

}  // namespace muster::hubspot
