#include "run/proof.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "run/adds.hpp"
#include "run/read_back.hpp"
#include "run/record_number.hpp"
#include "run/removes.hpp"

namespace muster {
namespace {

// A read right after a write may lag (hubspot/api.md §5, no figure documented): what looks wrong is
// looked at again after these waits before it is believed.
constexpr std::array<Milliseconds, 3> kSettlingWaits{Milliseconds{1'000}, Milliseconds{4'000},
                                                     Milliseconds{10'000}};

//! When the destination confirmed that a member is in the audience.
enum class Confirmed { kEarlier, kByThisRun };

class Proof {
 public:
  explicit Proof(Session& session)
      : session_(session),
        context_(session.context),
        store_(session.context.store),
        last_proved_(store_.last_proved_run(session.rules.sync)) {}

  void run() {
    auto reading = settled_reading();
    if (remove_merged()) reading = settled_reading();
    find_taken_along(reading);
    take_back(reading);
    const bool resent = send_again(reading);
    const bool cleared = remove_strangers(reading);
    if (resent || cleared) {
      reading = settled_reading();
      take_back(reading);
    }
    write_off(reading);
    forget_removed();
    session_.tally.figures().verified =
        VerifiedFigures{reading.confirmed + reading.found.size(),
                        reading.missing.size() + reading.still_missing, reading.strangers};
  }

  //! Follows the merges among the members that are not where they were.
  void run_for_merges_only() {
    follow_merges(read(), Confirmed::kEarlier);
    remove_merged();
  }

 private:
  //! Every member's record is known by its new id now; whoever's is another member's, too, stays
  //! in.
  bool remove_merged() {
    const auto merged = std::exchange(session_.merged_leavers, {});
    if (merged.empty()) return false;
    std::vector<MemberKey> keys;
    Store::Transaction transaction(store_);
    for (const auto& [key, record_id] : merged) {
      auto row = store_.member(session_.sync.id, key);
      if (!row) continue;
      row->record_id = record_id;
      store_.put_member(session_.sync.id, *row);
      keys.push_back(key);
    }
    transaction.commit();
    if (auto end = send_removes(session_, keys, Merges::kKnown); end.left) throw *end.left;
    return true;
  }

  //! A removal by the record of before a merge may take the record out that it was merged into
  //! (hubspot/api.md §4.7 does not know), and a member with it: that is no drift.
  void find_taken_along(const Comparison& reading) {
    const auto* of_records = context_.destination.descriptor().record_kind();
    if (reading.missing.empty() || session_.removed_members.empty() || of_records == nullptr ||
        !context_.destination.supports(MUSTER_LOOKUP_1)) {
      return;
    }
    std::vector<std::string> removed;
    for (const auto& key : session_.removed_members) {
      if (auto row = store_.member(session_.sync.id, key)) removed.push_back(row->record_id);
    }
    std::set<std::string> survivors;
    const std::size_t batch = context_.destination.descriptor().max_batch;
    for (std::size_t begin = 0; begin < removed.size(); begin += batch) {
      session_.check_going();
      const auto end = std::min(removed.size(), begin + batch);
      const std::vector<std::string_view> views(
          removed.begin() + static_cast<std::ptrdiff_t>(begin),
          removed.begin() + static_cast<std::ptrdiff_t>(end));
      for (auto& survivor : context_.destination.look_up(of_records->id, views)) {
        survivors.insert(std::move(survivor));
      }
    }
    for (const auto& key : reading.missing) {
      const auto row = store_.member(session_.sync.id, key);
      if (row && survivors.contains(row->record_id)) taken_along_.insert(key);
    }
  }

  //! Reads until what this run changed is to be seen, or has had its time.
  Comparison settled_reading() {
    auto reading = read();
    if (follow_merges(reading, Confirmed::kEarlier)) reading = compare_again();
    for (const auto wait : kSettlingWaits) {
      if (reading.missing.empty() && lagging_removals_ == 0) break;
      session_.wait(wait);
      reading = read();
    }
    // An add of this run is mostly missing because the read lags: looked up only when it stays so.
    if (follow_merges(reading, Confirmed::kByThisRun)) reading = compare_again();
    return reading;
  }

  Comparison read() {
    session_.check_going();
    audience_.reset();  // never two of them in memory
    audience_.emplace(context_.destination, session_.sync.audience_ref, [&](std::uint64_t records) {
      context_.observer.on_progress({RunProgress::Phase::kReadingBack, records, 0});
    });
    const auto& numbers = audience_->numbers();
    lagging_removals_ = std::count_if(
        session_.removed_records.begin(), session_.removed_records.end(),
        [&](auto record) { return std::binary_search(numbers.begin(), numbers.end(), record); });
    return compare_again();
  }

  //! The audience as it was read last, with the state as it is now.
  Comparison compare_again() { return compare(*audience_, store_, session_.sync.id); }

  //! A merge at the destination leaves a person under another record id (hubspot/api.md §4.7): the
  //! missing are looked up before anything is believed of them. Whether any has a new record.
  bool follow_merges(const Comparison& reading, Confirmed confirmed) {
    if (!context_.destination.supports(MUSTER_LOOKUP_1)) return false;
    std::vector<MemberRow> rows;
    std::vector<std::string> identifiers;
    bool followed = false;
    const auto look_up = [&] {
      session_.check_going();
      followed |= keep_new_records(rows, identifiers);
      rows.clear();
      identifiers.clear();
    };
    for (const auto& key : reading.missing) {
      auto row = store_.member(session_.sync.id, key);
      const auto* member = session_.cohort.find(key);
      if (!row || member == nullptr || confirmed_when(*row) != confirmed) continue;
      rows.push_back(std::move(*row));
      identifiers.push_back(session_.spill.read(member->offset).identifier);
      if (rows.size() == context_.destination.descriptor().max_batch) look_up();
    }
    if (!rows.empty()) look_up();
    return followed;
  }

  bool keep_new_records(std::vector<MemberRow>& rows, const std::vector<std::string>& identifiers) {
    const std::vector<std::string_view> views(identifiers.begin(), identifiers.end());
    auto records = context_.destination.look_up(session_.rules.kind, views);
    follow_records(rows, records);
    bool any = false;
    Store::Transaction transaction(store_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (records[i].empty() || records[i] == rows[i].record_id) continue;
      rows[i].record_id = records[i];
      store_.put_member(session_.sync.id, rows[i]);
      any = true;
    }
    transaction.commit();
    return any;
  }

  //! Who is not found by the identifier may be by the record of before: a destination follows that
  //! to the record it was merged into.
  void follow_records(const std::vector<MemberRow>& rows, std::vector<std::string>& found) {
    const auto* of_records = context_.destination.descriptor().record_kind();
    if (of_records == nullptr || of_records->id == session_.rules.kind) return;
    std::vector<std::size_t> places;
    std::vector<std::string_view> records;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!found[i].empty() || rows[i].record_id.empty()) continue;
      places.push_back(i);
      records.push_back(rows[i].record_id);
    }
    if (places.empty()) return;
    const auto survivors = context_.destination.look_up(of_records->id, records);
    for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = survivors[i];
  }

  //! Members that were written off and are in the audience after all.
  void take_back(const Comparison& reading) {
    if (reading.found.empty()) return;
    Store::Transaction transaction(store_);
    for (const auto& key : reading.found) {
      auto row = store_.member(session_.sync.id, key);
      if (!row) continue;
      session_.tally.found(row->reason);
      row->state = MemberState::kListed;
      row->sealed_identifier.clear();
      row->reason.clear();
      row->detail.clear();
      row->attempts = 0;
      store_.put_member(session_.sync.id, *row);
      const auto* member = session_.cohort.find(key);
      if (member == nullptr) continue;
      const auto person = session_.spill.read(member->offset);
      session_.report.add(
          {"verify", person.source_id, person.identifier, "found", {}, {}, row->record_id});
    }
    session_.report.flush();
    transaction.commit();
  }

  //! Missing adds of this run get a second chance; drifted members when the sync says so.
  bool send_again(const Comparison& reading) {
    std::vector<PlannedAdd> adds;
    const bool repair = session_.rules.on_drift == PlanOptions::Drift::kRepair;
    for (const auto& key : reading.missing) {
      const auto row = store_.member(session_.sync.id, key);
      const auto* member = session_.cohort.find(key);
      if (!row || member == nullptr || (!repair && is_drift(*row))) continue;
      session_.tally.reopen(newly(*row));
      adds.push_back({key, member->offset, member->properties, AddCause::kResend});
    }
    if (adds.empty()) return false;
    if (auto end = send_adds(session_, adds); end.left) throw *end.left;
    return true;
  }

  bool is_of_this_run(const MemberRow& row) const { return row.since == session_.run; }
  //! Whether a reading has seen the member since it was added: who was never seen did not drift
  //! away, the destination dropped them silently.
  bool is_drift(const MemberRow& row) const {
    return row.since <= last_proved_ && !taken_along_.contains(row.key);
  }
  Confirmed confirmed_when(const MemberRow& row) const {
    return is_of_this_run(row) ? Confirmed::kByThisRun : Confirmed::kEarlier;
  }
  Tally::Newly newly(const MemberRow& row) const {
    return is_of_this_run(row) ? Tally::Newly::kListed : Tally::Newly::kStillListed;
  }

  bool remove_strangers(const Comparison& reading) {
    if (reading.strangers == 0 || session_.rules.strangers == Strangers::kLeave) return false;
    const auto ids =
        stranger_ids(context_.destination, session_.sync.audience_ref, store_, session_.sync.id);
    const std::size_t batch = context_.destination.descriptor().max_batch;
    for (std::size_t begin = 0; begin < ids.size(); begin += batch) {
      session_.check_going();
      std::vector<Operation> operations;
      for (std::size_t i = begin; i < std::min(ids.size(), begin + batch); ++i) {
        operations.push_back({OperationKind::kRemove, false, {}, ids[i], {}});
      }
      const auto result = session_.call(operations);
      for (std::size_t i = 0; i < operations.size(); ++i) {
        if (result.outcomes[i].kind != OutcomeKind::kApplied) continue;
        session_.removed_records.push_back(record_number(operations[i].record_id));
        session_.report.add({"remove", {}, {}, "removed", {}, "STRANGER", operations[i].record_id});
      }
      Session::end_if_fatal(result);
    }
    return !ids.empty();
  }

  //! What is missing for good: told, counted, remembered.
  void write_off(const Comparison& reading) {
    if (reading.missing.empty()) return;
    Store::Transaction transaction(store_);
    for (const auto& key : reading.missing) {
      auto row = store_.member(session_.sync.id, key);
      const auto* member = session_.cohort.find(key);
      if (!row || member == nullptr) continue;
      const bool drifted = is_drift(*row);
      row->reason = drifted ? "drifted" : "silently_dropped";
      session_.tally.lost(newly(*row), row->reason);
      row->state = MemberState::kDropped;
      row->attempts += 1;
      row->last_try = context_.clock.now();
      store_.put_member(session_.sync.id, *row);
      store_.put_change(session_.sync.id, {session_.run,
                                           key,
                                           drifted ? ChangeKind::kDrifted : ChangeKind::kDropped,
                                           row->record_id,
                                           row->reason,
                                           {}});
      const auto person = session_.spill.read(member->offset);
      session_.report.add({"verify",
                           person.source_id,
                           person.identifier,
                           "dropped",
                           row->reason,
                           {},
                           row->record_id});
    }
    session_.report.flush();
    transaction.commit();
  }

  //! Who was removed and is not to be seen any more. The others stay, to be removed again.
  void forget_removed() {
    if (session_.removed_members.empty()) return;
    Store::Transaction transaction(store_);
    for (const auto& key : session_.removed_members) {
      const auto row = store_.member(session_.sync.id, key);
      if (!row || row->state != MemberState::kPending || audience_->holds(row->record_id)) continue;
      store_.forget_member(session_.sync.id, key);
    }
    transaction.commit();
  }

  Session& session_;
  RunContext& context_;
  Store& store_;
  RunId last_proved_;
  std::set<MemberKey> taken_along_;  //!< out of the audience by a removal of this run
  std::optional<AudienceRecords> audience_;
  std::ptrdiff_t lagging_removals_ = 0;
};

}  // namespace

void prove(Session& session) { Proof(session).run(); }

void remove_merged_leavers(Session& session) { Proof(session).run_for_merges_only(); }

}  // namespace muster
