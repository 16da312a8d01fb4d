#include "run/removes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "run/record_number.hpp"
#include "run/rest_reported.hpp"

namespace muster {

Removals::Removals(Session& session, std::vector<MemberKey> keys, Merges merges)
    : session_(session),
      store_(session.context.store),
      follows_merges_(merges == Merges::kKnown),
      keys_(std::move(keys)),
      settled_(keys_.size(), false),
      untouched_(keys_.size(), false) {
  std::sort(keys_.begin(), keys_.end());
}

std::vector<Operation> Removals::ride_along(std::size_t room) {
  riding_ = prepare(open_keys(room)).removals;
  std::vector<Operation> operations;
  operations.reserve(riding_.size());
  for (const auto& removal : riding_) operations.push_back(removal.operation);
  return operations;
}

void Removals::settle(std::span<const Outcome> outcomes, const Adds& adds) {
  for (std::size_t i = 0; i < riding_.size(); ++i) {
    const auto& removal = riding_[i];
    const auto& record = removal.operation.record_id;
    note_doubt(removal, outcomes[i]);
    if (!record.empty() && store_.count_listed_with_record(session_.sync.id, record) > 0) {
      // An add of the batch is that record, too.
      for (const auto& row : removal.rows) done(row, Left::kRecordStays);
    } else if (outcomes[i].kind == OutcomeKind::kApplied || !adds.unsettled.contains(record)) {
      settle(removal, outcomes[i]);
    }
  }
  riding_.clear();
  store_.put_removed(session_.run, session_.tally.figures().removed);
}

void Removals::committed() {
  for (const auto& key : settling_) settled_[place_of(key)] = true;
  settling_.clear();
}

std::vector<MemberKey> Removals::open_keys(std::size_t most) const {
  std::vector<MemberKey> open;
  for (std::size_t i = 0; i < keys_.size() && open.size() < most; ++i) {
    if (!settled_[i]) open.push_back(keys_[i]);
  }
  return open;
}

std::size_t Removals::place_of(const MemberKey& key) const {
  return static_cast<std::size_t>(std::lower_bound(keys_.begin(), keys_.end(), key) -
                                  keys_.begin());
}

void Removals::report_open() const {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (settled_[i]) continue;
    const auto row = store_.member(session_.sync.id, keys_[i]);
    if (row) session_.report.add({"remove", {}, {}, "to_retry", {}, {}, row->record_id});
  }
  session_.report.flush();
}

void Removals::hold(std::vector<std::uint64_t> records) {
  held_ = std::move(records);
  std::sort(held_.begin(), held_.end());
}

bool Removals::all_settled() const {
  return std::find(settled_.begin(), settled_.end(), false) == settled_.end();
}

PassesEnd Removals::send() {
  PassesEnd end;
  with_rest_reported(
      session_,
      [&] {
        end = run_passes(session_, RunProgress::Phase::kRemoving, open_keys(keys_.size()),
                         session_.context.destination.descriptor().max_batch,
                         [this](const std::vector<MemberKey>& batch) { return send_batch(batch); });
      },
      [this] { report_open(); });
  report_open();
  if (refused_ > 0) {
    session_.context.observer.on_notice(
        fmt::format("{} removals were refused; the report says why for each", refused_));
  }
  return end;
}

BatchLeft<MemberKey> Removals::send_batch(const std::vector<MemberKey>& keys) {
  const auto prepared = prepare(keys);
  if (prepared.unavailable) {
    return {keys, prepared.unavailable->retry_after(), prepared.unavailable};
  }
  if (prepared.removals.empty()) return {};
  std::vector<Operation> operations;
  operations.reserve(prepared.removals.size());
  for (const auto& removal : prepared.removals) operations.push_back(removal.operation);
  auto result = session_.call(operations);

  Lease::Transaction transaction(session_.lease);
  for (std::size_t i = 0; i < prepared.removals.size(); ++i) {
    note_doubt(prepared.removals[i], result.outcomes[i]);
    settle(prepared.removals[i], result.outcomes[i]);
  }
  session_.report.flush();
  store_.put_removed(session_.run, session_.tally.figures().removed);
  transaction.commit();
  committed();
  BatchLeft<MemberKey> left{{}, result.wait, std::move(result.unavailable)};
  for (const auto& removal : prepared.removals) {
    for (const auto& row : removal.rows) {
      if (!settled_[place_of(row.key)]) left.items.push_back(row.key);
    }
  }
  Session::end_if_fatal(result);
  return left;
}

Removals::Prepared Removals::prepare(const std::vector<MemberKey>& keys) {
  std::vector<MemberRow> rows;
  for (const auto& key : keys) {
    if (auto row = store_.member(session_.sync.id, key)) rows.push_back(std::move(*row));
  }
  auto unavailable = find_records(rows);
  if (!unavailable) unavailable = set_merged_aside(rows);
  if (unavailable) return {{}, std::move(unavailable)};
  std::erase_if(rows, [this](const MemberRow& row) {
    return !row.record_id.empty() &&
           std::binary_search(held_.begin(), held_.end(), record_number(row.record_id));
  });
  return {write_ahead(std::move(rows)), std::nullopt};
}

//! A pending member may be in the audience under a record that another member has too: its
//! record must be known before it is removed. Gives why that can't be known now.
std::optional<DestinationError> Removals::find_records(std::vector<MemberRow>& rows) {
  if (!session_.context.destination.supports(MUSTER_LOOKUP_1)) return std::nullopt;
  std::vector<MemberRow*> unknown;
  std::vector<std::string> identifiers;
  for (auto& row : rows) {
    if (!row.record_id.empty() || row.sealed_identifier.empty()) continue;
    unknown.push_back(&row);
    identifiers.push_back(session_.unsealed(row));
  }
  if (unknown.empty()) return std::nullopt;
  const std::vector<std::string_view> views(identifiers.begin(), identifiers.end());
  try {
    const auto records = session_.context.destination.look_up(session_.rules.kind, views);
    for (std::size_t i = 0; i < unknown.size(); ++i) unknown[i]->record_id = records[i];
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_UNAVAILABLE) throw;
    return error;
  }
  return std::nullopt;
}

//! Without a read-back nobody would see that a removal by the record of before a merge took out
//! the record that it was merged into, which another member may be (hubspot/api.md §4.7).
std::optional<DestinationError> Removals::set_merged_aside(std::vector<MemberRow>& rows) {
  const auto* kind = session_.context.destination.descriptor().record_kind();
  if (session_.rules.read_back == ReadBack::kOn || kind == nullptr || follows_merges_ ||
      !session_.context.destination.supports(MUSTER_LOOKUP_1)) {
    return std::nullopt;
  }
  std::vector<std::string_view> records;
  for (const auto& row : rows) {
    if (!row.record_id.empty()) records.push_back(row.record_id);
  }
  if (records.empty()) return std::nullopt;
  try {
    const auto survivors = session_.context.destination.look_up(kind->id, records);
    std::vector<MemberRow> kept;
    std::size_t place = 0;
    for (auto& row : rows) {
      const auto survivor = row.record_id.empty() ? std::string{} : survivors[place++];
      if (survivor.empty() || survivor == row.record_id) {
        kept.push_back(std::move(row));
      } else {
        session_.merged_leavers.emplace_back(row.key, survivor);
        settled_[place_of(row.key)] = true;
      }
    }
    rows = std::move(kept);
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_UNAVAILABLE) throw;
    return error;
  }
  return std::nullopt;
}

//! Marks the rows as leaving. Those whose record stays, or that never had one, are done.
std::vector<Removals::Removal> Removals::write_ahead(std::vector<MemberRow> rows) {
  const bool looked_up = session_.context.destination.supports(MUSTER_LOOKUP_1);
  Lease::Transaction transaction(session_.lease);
  for (auto& row : rows) {
    if (row.record_id.empty()) continue;
    if (row.state == MemberState::kListed) untouched_[place_of(row.key)] = true;
    const bool was_in = row.state == MemberState::kListed || row.state == MemberState::kLeaving;
    row.state = was_in ? MemberState::kLeaving : MemberState::kPending;
    store_.put_member(session_.sync.id, row);
  }
  std::vector<Removal> removals;
  std::map<std::string, std::size_t> by_record;
  for (auto& row : rows) {
    if (row.record_id.empty() && looked_up) {
      store_.forget_member(session_.sync.id, row.key);  // no record: it never got in
      settling_.push_back(row.key);
      continue;
    }
    if (!row.record_id.empty() &&
        store_.count_listed_with_record(session_.sync.id, row.record_id) > 0) {
      done(row, Left::kRecordStays);
      continue;
    }
    if (row.record_id.empty()) {
      removals.push_back({{OperationKind::kRemove, false, session_.unsealed(row), {}, {}}, {row}});
      continue;
    }
    const auto [found, is_new] = by_record.try_emplace(row.record_id, removals.size());
    if (is_new) removals.push_back({{OperationKind::kRemove, false, {}, row.record_id, {}}, {}});
    removals[found->second].rows.push_back(row);
  }
  session_.report.flush();
  store_.put_removed(session_.run, session_.tally.figures().removed);
  transaction.commit();
  committed();
  return removals;
}

void Removals::settle(const Removal& removal, const Outcome& outcome) {
  const bool gone = outcome.kind == OutcomeKind::kApplied ||
                    outcome.kind == OutcomeKind::kUnchanged ||
                    outcome.kind == OutcomeKind::kNotFound;
  if (gone && !removal.operation.record_id.empty()) {
    session_.removed_records.push_back(record_number(removal.operation.record_id));
  }
  for (const auto& row : removal.rows) {
    if (gone) {
      const auto left = outcome.kind == OutcomeKind::kApplied ? Left::kTakenOut : Left::kNotThere;
      const auto counted = done(row, left);
      if (session_.rules.read_back != ReadBack::kOff) keep_until_proved(row, counted);
      continue;
    }
    if (outcome.kind == OutcomeKind::kRejected) {
      refuse(row, outcome);
      continue;
    }
    const bool merged = outcome.kind == OutcomeKind::kRetry && !outcome.record_id.empty() &&
                        !row.record_id.empty() && outcome.record_id != row.record_id;
    if (merged) {
      session_.merged_leavers.emplace_back(row.key, outcome.record_id);
      settling_.push_back(row.key);
    }
  }
}

//! Final for this run: the next one tries again.
void Removals::refuse(const MemberRow& row, const Outcome& outcome) {
  session_.refused_removes.push_back(row.key);
  ++refused_;
  settling_.push_back(row.key);
  session_.report.add(
      {"remove",
       {},
       {},
       "not_removed",
       outcome.reason.empty() ? std::string_view("rejected_by_destination") : outcome.reason,
       outcome.detail,
       row.record_id});
}

//! What was sent may have taken effect: whoever is then found not to be there was taken out by us.
void Removals::note_doubt(const Removal& removal, const Outcome& outcome) {
  if (outcome.kind != OutcomeKind::kInDoubt) return;
  for (const auto& row : removal.rows) untouched_[place_of(row.key)] = false;
}

//! A change is what a run made: whom others had taken out before is none. Who left counts also when
//! the record stays, and the report says so.
bool Removals::done(const MemberRow& row, Left left) {
  settling_.push_back(row.key);
  store_.forget_member(session_.sync.id, row.key);
  if (left == Left::kRecordStays) forget_values_beside(row);
  const bool was_listed = row.state == MemberState::kLeaving;
  const bool gone_before = was_listed && left == Left::kNotThere && untouched_[place_of(row.key)];
  const bool found_gone = was_listed && left == Left::kNotThere && !gone_before;
  const std::string_view detail = gone_before                                ? kGoneBefore
                                  : found_gone                               ? kFoundGone
                                  : was_listed && left == Left::kRecordStays ? kStaysForAnother
                                                                             : std::string_view();
  const bool counted = (was_listed || left == Left::kTakenOut) && !gone_before;
  if (counted) session_.tally.removed();
  if (counted || gone_before) {
    store_.put_change(
        session_.sync.id,
        {session_.run, row.key, ChangeKind::kRemoved, row.record_id, {}, std::string(detail)});
  }
  const auto* outcome = left == Left::kTakenOut ? "removed" : "unchanged";
  session_.report.add({"remove", {}, {}, outcome, {}, detail, row.record_id});
  return counted;
}

//! What the leaver wrote last may be what its record holds: those who stay write theirs again.
void Removals::forget_values_beside(const MemberRow& leaver) {
  for (auto& row : store_.members_with_record(session_.sync.id, leaver.record_id)) {
    if (row.properties == 0 || row.properties == leaver.properties) continue;
    row.properties = 0;
    store_.put_member(session_.sync.id, row);
  }
}

//! An answer may lie: whoever is still seen in the audience is removed again by the next run.
//! Counted already, hence no longer `leaving`.
void Removals::keep_until_proved(MemberRow row, bool counted) {
  if (row.record_id.empty()) return;
  row.state = MemberState::kPending;
  row.sealed_identifier.clear();
  row.since = session_.run;
  store_.put_member(session_.sync.id, row);
  session_.removed_members.push_back(row.key);
  if (counted) session_.counted_removals.push_back(row.key);
}

PassesEnd send_removes(Session& session, const std::vector<MemberKey>& keys, Merges merges) {
  return Removals(session, keys, merges).send();
}

void report_open_removes(Session& session, const std::vector<MemberKey>& keys) {
  Removals(session, keys, Merges::kUnknown).report_open();
}

}  // namespace muster
