#include "run/removes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "run/record_number.hpp"

namespace muster {
namespace {

//! Rows of the batch in hand that one operation stands for.
struct Removal {
  Operation operation;
  std::vector<MemberRow> rows;
};

//! Which members of a plan's removals are settled.
class OpenKeys {
 public:
  explicit OpenKeys(std::vector<MemberKey> keys)
      : keys_(std::move(keys)), settled_(keys_.size(), false) {
    std::sort(keys_.begin(), keys_.end());
  }
  void settle(const MemberKey& key) {
    const auto place = std::lower_bound(keys_.begin(), keys_.end(), key) - keys_.begin();
    settled_[static_cast<std::size_t>(place)] = true;
  }
  void report(Session& session) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (settled_[i]) continue;
      const auto row = session.context.store.member(session.sync.id, keys_[i]);
      if (row) session.report.add({"remove", {}, {}, "to_retry", {}, {}, row->record_id});
    }
    session.report.flush();
  }

 private:
  std::vector<MemberKey> keys_;
  std::vector<bool> settled_;
};

class RemoveSender {
 public:
  RemoveSender(Session& session, Merges merges, OpenKeys& open)
      : session_(session),
        open_(open),
        store_(session.context.store),
        follows_merges_(merges == Merges::kKnown) {}

  BatchLeft<MemberKey> send(const std::vector<MemberKey>& keys) {
    auto rows = read(keys);
    if (auto unavailable = find_records(rows)) {
      return {keys, unavailable->retry_after(), std::move(unavailable)};
    }
    if (auto unavailable = set_merged_aside(rows)) {
      return {keys, unavailable->retry_after(), std::move(unavailable)};
    }
    const auto removals = write_ahead(std::move(rows));
    if (removals.empty()) return {};
    std::vector<Operation> operations;
    operations.reserve(removals.size());
    for (const auto& removal : removals) operations.push_back(removal.operation);
    auto result = session_.call(operations);

    BatchLeft<MemberKey> left{{}, result.wait, std::move(result.unavailable)};
    Store::Transaction transaction(store_);
    for (std::size_t i = 0; i < removals.size(); ++i) {
      settle(removals[i], result.outcomes[i], left.items);
    }
    session_.report.flush();
    transaction.commit();
    close_settled();
    Session::end_if_fatal(result);
    return left;
  }

 private:
  std::vector<MemberRow> read(const std::vector<MemberKey>& keys) {
    std::vector<MemberRow> rows;
    for (const auto& key : keys) {
      if (auto row = store_.member(session_.sync.id, key)) rows.push_back(std::move(*row));
    }
    return rows;
  }

  //! A pending member may be in the audience under a record that another member has too: its
  //! record must be known before it is removed. Gives why that can't be known now.
  std::optional<DestinationError> find_records(std::vector<MemberRow>& rows) {
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
  std::optional<DestinationError> set_merged_aside(std::vector<MemberRow>& rows) {
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
          open_.settle(row.key);
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
  std::vector<Removal> write_ahead(std::vector<MemberRow> rows) {
    const bool looked_up = session_.context.destination.supports(MUSTER_LOOKUP_1);
    Store::Transaction transaction(store_);
    for (auto& row : rows) {
      if (row.record_id.empty()) continue;
      const bool was_in = row.state == MemberState::kListed || row.state == MemberState::kLeaving;
      row.state = was_in ? MemberState::kLeaving : MemberState::kPending;
      store_.put_member(session_.sync.id, row);
    }
    std::vector<Removal> removals;
    std::map<std::string, std::size_t> by_record;
    for (auto& row : rows) {
      if (row.record_id.empty() && looked_up) {
        store_.forget_member(session_.sync.id, row.key);  // no record: it never got in
        settled_.push_back(row.key);
        continue;
      }
      if (!row.record_id.empty() &&
          store_.count_listed_with_record(session_.sync.id, row.record_id) > 0) {
        done(row, "unchanged");
        continue;
      }
      if (row.record_id.empty()) {
        removals.push_back(
            {{OperationKind::kRemove, false, session_.unsealed(row), {}, {}}, {row}});
        continue;
      }
      const auto [found, is_new] = by_record.try_emplace(row.record_id, removals.size());
      if (is_new) removals.push_back({{OperationKind::kRemove, false, {}, row.record_id, {}}, {}});
      removals[found->second].rows.push_back(row);
    }
    session_.report.flush();
    transaction.commit();
    close_settled();
    return removals;
  }

  void settle(const Removal& removal, const Outcome& outcome, std::vector<MemberKey>& left) {
    const bool gone = outcome.kind == OutcomeKind::kApplied ||
                      outcome.kind == OutcomeKind::kUnchanged ||
                      outcome.kind == OutcomeKind::kNotFound;
    if (gone && !removal.operation.record_id.empty()) {
      session_.removed_records.push_back(record_number(removal.operation.record_id));
    }
    for (const auto& row : removal.rows) {
      if (gone) {
        done(row, outcome.kind == OutcomeKind::kApplied ? "removed" : "unchanged");
        if (session_.rules.read_back == ReadBack::kOn) keep_until_proved(row);
        continue;
      }
      if (outcome.kind == OutcomeKind::kRejected) {
        refuse(row, outcome);
        continue;
      }
      const bool merged = !outcome.record_id.empty() && !row.record_id.empty() &&
                          outcome.record_id != row.record_id;
      if (merged) {
        session_.merged_leavers.emplace_back(row.key, outcome.record_id);
        settled_.push_back(row.key);
      } else {
        left.push_back(row.key);
      }
    }
  }

  //! Final for this run: the next one tries again.
  void refuse(const MemberRow& row, const Outcome& outcome) {
    session_.refused_removes.push_back(row.key);
    settled_.push_back(row.key);
    session_.report.add(
        {"remove",
         {},
         {},
         "not_removed",
         outcome.reason.empty() ? std::string_view("rejected_by_destination") : outcome.reason,
         outcome.detail,
         row.record_id});
  }

  void done(const MemberRow& row, std::string_view outcome) {
    settled_.push_back(row.key);
    store_.forget_member(session_.sync.id, row.key);
    const bool was_listed = row.state == MemberState::kLeaving;
    if (was_listed || outcome == "removed") {
      session_.tally.removed();
      store_.put_change(session_.sync.id,
                        {session_.run, row.key, ChangeKind::kRemoved, row.record_id, {}, {}});
    }
    session_.report.add({"remove", {}, {}, outcome, {}, {}, row.record_id});
  }

  //! An answer may lie: whoever is still seen in the audience is removed again by the next run.
  //! Counted already, hence no longer `leaving`.
  void keep_until_proved(MemberRow row) {
    if (row.record_id.empty()) return;
    row.state = MemberState::kPending;
    row.sealed_identifier.clear();
    row.since = session_.run;
    store_.put_member(session_.sync.id, row);
    session_.removed_members.push_back(row.key);
  }

  //! What a committed transaction settled.
  void close_settled() {
    for (const auto& key : settled_) open_.settle(key);
    settled_.clear();
  }

  Session& session_;
  OpenKeys& open_;
  std::vector<MemberKey> settled_;  //!< in the transaction that goes on
  Store& store_;
  const bool follows_merges_;
};

}  // namespace

PassesEnd send_removes(Session& session, const std::vector<MemberKey>& keys, Merges merges) {
  OpenKeys open(keys);
  RemoveSender sender(session, merges, open);
  const auto refused_before = session.refused_removes.size();
  try {
    auto end = run_passes(session, RunProgress::Phase::kRemoving, keys,
                          session.context.destination.descriptor().max_batch,
                          [&](const std::vector<MemberKey>& batch) { return sender.send(batch); });
    open.report(session);
    if (const auto refused = session.refused_removes.size() - refused_before; refused > 0) {
      session.context.observer.on_notice(
          fmt::format("{} removals were refused; the report says why for each", refused));
    }
    return end;
  } catch (const AudienceGone&) {
    // They are planned anew for the next one.
    if (!session.may_recreate) open.report(session);
    throw;
  } catch (...) {
    open.report(session);
    throw;
  }
}

void report_open_removes(Session& session, const std::vector<MemberKey>& keys) {
  OpenKeys(keys).report(session);
}

}  // namespace muster
