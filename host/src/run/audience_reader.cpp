#include "run/audience_reader.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "run/record_lookup.hpp"

namespace muster {
namespace {

// A read right after a write may lag (hubspot/api.md §5, no figure documented): what looks wrong is
// looked at again after these waits before it is believed.
constexpr std::array<Milliseconds, 3> kSettlingWaits{Milliseconds{1'000}, Milliseconds{4'000},
                                                     Milliseconds{10'000}};
// So often at the most: where no two readings lack the same, the last one counts.
constexpr std::size_t kMostLooks = 2 * kSettlingWaits.size();
constexpr auto kSettled =
    std::accumulate(kSettlingWaits.begin(), kSettlingWaits.end(), Milliseconds{0});

}  // namespace

AudienceReader::AudienceReader(ReaderParts parts)
    : parts_(std::move(parts)), patience_(parts_.clock, parts_.rules.retry_for, parts_.wait) {}

Comparison AudienceReader::settled() {
  looked_up_.clear();
  auto reading = read();
  if (follow_merges(reading, Confirmed::kEarlier)) reading = compare_again();
  bool agree = reading.missing.empty();
  for (std::size_t looks = 0; looks < kMostLooks; ++looks) {
    const bool has_time = looks < kSettlingWaits.size();
    const bool may_lag = has_time && (reading.recent_missing > 0 || lagging_removals_ > 0 ||
                                      may_lag_behind_a_run(reading));
    // What was there long ago was changed by others, or a page has lost it: no wait brings it back,
    // but only what two readings lack is believed to be gone. So is whoever was taken out, once a
    // reading has shown them.
    if (!may_lag && agree) break;
    parts_.wait(has_time ? kSettlingWaits[looks] : kSettlingWaits.front());
    const auto before = std::move(reading.missing);
    const bool lagged = lagging_removals_ > 0;
    reading = read();
    agree = std::includes(before.begin(), before.end(), reading.missing.begin(),
                          reading.missing.end()) &&
            lagged == (lagging_removals_ > 0);
  }
  // A fresh add is mostly missing because the read lags: looked up only when it stays so. Whoever
  // else was not looked up was there at the first reading, and may have been merged since.
  if (follow_merges(reading, std::nullopt)) reading = compare_again();
  return reading;
}

std::deque<std::uint64_t> AudienceReader::last_strangers() const {
  if (!audience_) return {};
  return audience_->strangers(parts_.store, parts_.sync.id);
}

void AudienceReader::read_and_follow_merges() {
  looked_up_.clear();
  const auto reading = read();
  follow(reading.missing, std::nullopt);
}

Comparison AudienceReader::read() {
  parts_.check_going();
  if (!expected_) expected_ = parts_.store.count_members(parts_.sync.id, MemberState::kListed);
  parts_.observer.on_progress({RunProgress::Phase::kReadingBack, 0, *expected_});
  audience_.reset();  // never two of them in memory
  audience_.emplace(
      parts_.destination, parts_.sync.audience_ref, patience_, [&](std::uint64_t records) {
        parts_.check_going();
        parts_.observer.on_progress({RunProgress::Phase::kReadingBack, records, *expected_});
      });
  lagging_removals_ = 0;
  if (parts_.removed_records != nullptr) {
    lagging_removals_ =
        std::count_if(parts_.removed_records->begin(), parts_.removed_records->end(),
                      [&](auto record) { return audience_->holds(record); });
  }
  return compare_again();
}

Comparison AudienceReader::compare_again() {
  return compare(*audience_, parts_.store, parts_.sync.id,
                 [this](RunId since) { return is_recent(since); });
}

//! Outside a run nobody tells which records were taken out lately, and the state has forgotten some
//! of them: what is there and should not be may be what the last run removed.
bool AudienceReader::may_lag_behind_a_run(const Comparison& reading) {
  if (parts_.removed_records != nullptr) return false;
  if (reading.leavers.empty() && reading.strangers == 0) return false;
  const auto runs = parts_.store.runs(parts_.sync.name, 1);
  return !runs.empty() && is_recent(runs.front().id);
}

//! Confirmed by the run that goes on, or by one that ended so lately that a read may lag behind it.
bool AudienceReader::is_recent(RunId since) {
  if (since == parts_.run) return true;
  const auto [known, is_new] = recent_runs_.try_emplace(since, false);
  if (is_new) {
    const auto run = parts_.store.run(since);
    known->second = run && (!run->finished || *run->finished + kSettled > parts_.clock.now());
  }
  return known->second;
}

//! A merge at the destination leaves a person under another record id (hubspot/api.md §4.7): the
//! missing are looked up before anything is believed of them. Whether any has a new record.
bool AudienceReader::follow_merges(const Comparison& reading, std::optional<Confirmed> confirmed) {
  if (!parts_.destination.supports(MUSTER_LOOKUP_1)) return false;
  bool followed = follow(reading.missing, confirmed);
  // Who was written off and merged since is a stranger in the list, or a record that was followed.
  if (confirmed == Confirmed::kEarlier && (followed || reading.strangers > 0)) {
    followed |= follow(reading.still_gone, std::nullopt);
  }
  return followed;
}

bool AudienceReader::follow(const std::vector<MemberKey>& keys,
                            std::optional<Confirmed> confirmed) {
  std::vector<MemberRow> rows;
  std::vector<std::string> identifiers;
  bool followed = false;
  const auto look_up = [&] {
    if (rows.empty()) return;
    parts_.check_going();
    followed |= keep_new_records(rows, identifiers);
    rows.clear();
    identifiers.clear();
  };
  for (const auto& key : keys) {
    auto row = parts_.store.member(parts_.sync.id, key);
    if (!row) continue;
    const auto when = is_recent(row->since) ? Confirmed::kLately : Confirmed::kEarlier;
    if (confirmed && when != *confirmed) continue;
    if (!looked_up_.insert(key).second) continue;
    auto identifier = parts_.identifier_of(key);
    if (!identifier) continue;
    rows.push_back(std::move(*row));
    identifiers.push_back(std::move(*identifier));
    if (rows.size() == parts_.destination.descriptor().max_batch) look_up();
  }
  look_up();
  return followed;
}

//! Who is not found by the identifier may be by the record of before: a destination follows that to
//! the record it was merged into.
void AudienceReader::follow_records(const std::vector<MemberRow>& rows,
                                    std::vector<std::string>& found) {
  const auto* of_records = parts_.destination.descriptor().record_kind();
  if (of_records == nullptr || of_records->id == parts_.rules.kind) return;
  std::vector<std::size_t> places;
  std::vector<std::string> records;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!found[i].empty() || rows[i].record_id.empty()) continue;
    places.push_back(i);
    records.push_back(rows[i].record_id);
  }
  const auto survivors = look_up_all({parts_.destination, patience_, of_records->id}, records);
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = survivors[i];
}

bool AudienceReader::is_of_leaver(const std::string& record_id) const {
  return parts_.merged_leavers != nullptr &&
         std::any_of(parts_.merged_leavers->begin(), parts_.merged_leavers->end(),
                     [&](const auto& leaver) { return leaver.second == record_id; });
}

bool AudienceReader::keep_new_records(std::vector<MemberRow>& rows,
                                      const std::vector<std::string>& identifiers) {
  parts_.observer.on_progress({RunProgress::Phase::kMatching, 0, rows.size()});
  auto records = look_up_all({parts_.destination, patience_, parts_.rules.kind}, identifiers);
  follow_records(rows, records);
  bool any = false;
  Lease::Transaction transaction(parts_.lease);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (records[i].empty() || records[i] == rows[i].record_id) continue;
    const bool is_there = audience_->holds(records[i]);
    if (!is_there) moved_.insert(rows[i].key);
    // Known by the record of before, a kill leaves whoever is not there to be found like this anew.
    if (!is_there && !is_of_leaver(records[i])) continue;
    rows[i].move_to(records[i]);
    parts_.store.put_member(parts_.sync.id, rows[i]);
    any = true;
  }
  transaction.commit();
  return any;
}

}  // namespace muster
