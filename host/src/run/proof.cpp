#include "run/proof.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "run/adds.hpp"
#include "run/audience_reader.hpp"
#include "run/confirmed.hpp"
#include "run/merges_of_removed.hpp"
#include "run/record_lookup.hpp"
#include "run/record_number.hpp"
#include "run/removes.hpp"
#include "run/strangers.hpp"

namespace muster {
namespace {

class Proof {
 public:
  explicit Proof(Session& session)
      : session_(session),
        context_(session.context),
        store_(session.context.store),
        confirmed_until_(muster::confirmed_until(store_, session.rules.sync)),
        reader_({session.context.clock, session.context.store, session.lease,
                 session.context.destination, session.context.observer, session.rules, session.sync,
                 session.run, &session.removed_records, &session.merged_leavers,
                 [&session] { session.check_going(); },
                 [&session](Milliseconds duration) { session.wait(duration); },
                 [&session](const MemberKey& key) { return identifier_of(session, key); }}) {}

  void run() {
    auto reading = reader_.settled();
    if (remove_merged()) reading = reader_.settled();
    find_taken_along(reading);
    take_back(reading);
    if (session_.repair) release_leavers(reading);
    const bool resent = send_again(reading);
    if (find_members_among_strangers(session_, reader_, reading)) {
      reading = reader_.compare_again();
      take_back(reading);
    }
    const auto stopped = judge_strangers_of(session_, reader_, reading);
    const bool cleared = !stopped && remove_strangers(session_, reader_, reading);
    const bool removed_again = session_.repair && remove_leavers(reading);
    if (resent || cleared || removed_again) {
      reading = reader_.settled();
      take_back(reading);
    }
    if (follow_merges_of_removed(session_, reader_, reading)) reading = reader_.settled();
    write_off(reading);
    forget_removed();
    const auto leavers = leavers_of(reading);
    report_leavers(leavers);
    session_.tally.figures().verified = VerifiedFigures{
        reading.confirmed + reading.found.size(),
        reading.missing.size() + reading.still_gone.size(), reading.strangers, leavers.size()};
    if (stopped) throw *stopped;
  }

  //! Follows the merges among the members that are not where they were.
  void run_for_merges_only() {
    reader_.read_and_follow_merges();
    remove_merged();
  }

 private:
  //! Every member's record is known by its new id now; whoever's is another member's, too, stays
  //! in.
  bool remove_merged() {
    const auto merged = std::exchange(session_.merged_leavers, {});
    if (merged.empty()) return false;
    std::vector<MemberKey> keys;
    Lease::Transaction transaction(session_.lease);
    for (const auto& [key, record_id] : merged) {
      auto row = store_.member(session_.sync.id, key);
      if (!row) continue;
      row->move_to(record_id);
      store_.put_member(session_.sync.id, *row);
      keys.push_back(key);
    }
    transaction.commit();
    if (auto end = send_removes(session_, keys, Merges::kKnown); end.left) throw *end.left;
    return true;
  }

  //! A removal by the record of before a merge may take the record out that it was merged into
  //! (hubspot/api.md §4.7 does not know), and a member with it: that is no drift. Nor is it where
  //! the last proof came too early to see what its own run took out.
  void find_taken_along(const Comparison& reading) {
    const auto* of_records = context_.destination.descriptor().record_kind();
    const bool may_be_drift =
        std::any_of(reading.missing.begin(), reading.missing.end(), [this](const auto& key) {
          const auto row = store_.member(session_.sync.id, key);
          return row && is_drift(*row);
        });
    if (!may_be_drift || of_records == nullptr || !context_.destination.supports(MUSTER_LOOKUP_1)) {
      return;
    }
    auto removed = store_.removed_records(session_.sync.id, confirmed_until_);
    for (const auto& key : session_.removed_members) {
      if (auto row = store_.member(session_.sync.id, key)) removed.push_back(row->record_id);
    }
    std::sort(removed.begin(), removed.end());
    removed.erase(std::unique(removed.begin(), removed.end()), removed.end());
    std::set<std::string> survivors;
    auto patience = session_.patience();
    look_up_each(
        {context_.destination, patience, of_records->id}, removed.size(),
        [&](std::size_t i) { return removed[i]; },
        [&](std::size_t, std::string survivor) { survivors.insert(std::move(survivor)); },
        [this](std::size_t) { session_.check_going(); });
    for (const auto& key : reading.missing) {
      const auto row = store_.member(session_.sync.id, key);
      if (row && survivors.contains(row->record_id)) taken_along_.insert(key);
    }
  }

  static std::optional<std::string> identifier_of(Session& session, const MemberKey& key) {
    const auto* member = session.cohort.find(key);
    if (member == nullptr) return std::nullopt;
    return session.spill.read(member->offset).identifier;
  }

  //! Members that were written off and are in the audience after all.
  void take_back(const Comparison& reading) {
    if (reading.found.empty()) return;
    Lease::Transaction transaction(session_.lease);
    for (const auto& key : reading.found) {
      auto row = store_.member(session_.sync.id, key);
      if (!row) continue;
      // Whoever left the cohort meanwhile is in no sum; the next run removes them.
      if (session_.cohort.find(key) != nullptr) session_.tally.found(row->reason);
      row->state = MemberState::kListed;
      row->sealed_identifier.clear();
      row->reason.clear();
      row->detail.clear();
      row->attempts = 0;
      store_.put_member(session_.sync.id, *row);
      found_.insert(key);
      store_.put_change(
          session_.sync.id,
          {session_.run, key, ChangeKind::kAdded, row->record_id, {}, "FOUND_IN_LIST"});
      const auto* member = session_.cohort.find(key);
      if (member == nullptr) continue;
      const auto person = session_.spill.read(member->offset);
      session_.report.add(
          {"verify", person.source_id, person.identifier, "found", {}, {}, row->record_id});
    }
    session_.report.flush();
    transaction.commit();
  }

  //! Who left the cohort since the last run, and is not in the list any more, is not missing: they
  //! are out of it as if removed already, and the next run makes sure of that.
  void release_leavers(Comparison& reading) {
    Lease::Transaction transaction(session_.lease);
    const auto release = [this](const MemberKey& key) {
      if (session_.cohort.find(key) != nullptr) return false;
      auto row = store_.member(session_.sync.id, key);
      if (row && row->state == MemberState::kListed) {
        row->state = MemberState::kPending;
        row->sealed_identifier.clear();
        store_.put_member(session_.sync.id, *row);
      }
      return true;
    };
    std::erase_if(reading.missing, release);
    std::erase_if(reading.still_gone, release);
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
      const auto cause = is_drift(*row) ? AddCause::kDrifted : AddCause::kResend;
      adds.push_back({key, member->offset, member->properties, cause});
    }
    if (session_.repair) add_written_off(reading, adds);
    if (adds.empty()) return false;
    if (auto end = send_adds(session_, adds); end.left) throw *end.left;
    return true;
  }

  //! Who is in the cohort again meanwhile may be in the list.
  std::vector<MemberKey> leavers_of(const Comparison& reading) const {
    auto leavers = reading.leavers;
    std::erase_if(leavers,
                  [this](const auto& key) { return session_.cohort.find(key) != nullptr; });
    return leavers;
  }

  //! A repair ends the removals that an earlier run has begun.
  bool remove_leavers(const Comparison& reading) {
    const auto leavers = leavers_of(reading);
    if (leavers.empty()) return false;
    if (auto end = send_removes(session_, leavers, Merges::kUnknown); end.left) throw *end.left;
    return true;
  }

  //! Their rows stay: the next run removes them again, and counts them then.
  void report_leavers(const std::vector<MemberKey>& leavers) {
    const auto holds = [](const std::vector<MemberKey>& keys, const MemberKey& key) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    Lease::Transaction transaction(session_.lease);
    for (const auto& key : leavers) {
      auto row = store_.member(session_.sync.id, key);
      if (!row) continue;
      if (holds(session_.counted_removals, key)) {
        session_.tally.stayed();
        row->state = MemberState::kLeaving;
        store_.put_member(session_.sync.id, *row);
      }
      if (holds(session_.refused_removes, key)) continue;  // told
      session_.report.add({"remove", {}, {}, "to_retry", {}, "SEEN_IN_LIST", row->record_id});
    }
    session_.report.flush();
    transaction.commit();
  }

  //! Members that an earlier run has given up.
  void add_written_off(const Comparison& reading, std::vector<PlannedAdd>& adds) {
    for (const auto& key : reading.still_gone) {
      const auto row = store_.member(session_.sync.id, key);
      const auto* member = session_.cohort.find(key);
      if (!row || member == nullptr) continue;
      session_.tally.retry(row->reason);
      const auto cause = row->reason == "drifted" ? AddCause::kDrifted : AddCause::kHealing;
      adds.push_back({key, member->offset, member->properties, cause});
    }
  }

  bool is_of_this_run(const MemberRow& row) const { return row.since == session_.run; }
  //! Whether a reading has seen the member since it was added: who was never seen did not drift
  //! away, the destination dropped them silently. Who was merged into a record that is not there
  //! was taken out by nobody: a merge keeps who was in, unless a removal of ours met it.
  bool is_drift(const MemberRow& row) const {
    return row.since <= confirmed_until_ && !taken_along_.contains(row.key) &&
           !reader_.has_moved(row.key);
  }
  Tally::Newly newly(const MemberRow& row) const {
    const bool is_new = is_of_this_run(row) && !found_.contains(row.key);
    return is_new ? Tally::Newly::kListed : Tally::Newly::kStillListed;
  }

  //! What is missing for good: told, counted, remembered.
  void write_off(const Comparison& reading) {
    if (reading.missing.empty()) return;
    Lease::Transaction transaction(session_.lease);
    for (const auto& key : reading.missing) {
      auto row = store_.member(session_.sync.id, key);
      const auto* member = session_.cohort.find(key);
      if (!row || member == nullptr) continue;
      const bool drifted = is_drift(*row);
      row->reason = drifted ? "drifted" : "silently_dropped";
      row->detail.clear();
      session_.tally.lost(newly(*row), row->reason);
      row->state = MemberState::kDropped;
      // Whoever a reading had confirmed fails for the first time.
      row->attempts = is_of_this_run(*row) ? row->attempts + 1 : 1;
      row->since = session_.run;
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
    Lease::Transaction transaction(session_.lease);
    for (const auto& key : session_.removed_members) {
      const auto row = store_.member(session_.sync.id, key);
      if (!row || row->state != MemberState::kPending || reader_.last_holds(row->record_id))
        continue;
      store_.forget_member(session_.sync.id, key);
    }
    transaction.commit();
  }

  Session& session_;
  RunContext& context_;
  Store& store_;
  RunId confirmed_until_;
  std::set<MemberKey> found_;        //!< that were written off; counted as unchanged
  std::set<MemberKey> taken_along_;  //!< out of the audience by a removal of this run
  AudienceReader reader_;
};

}  // namespace

void prove(Session& session) { Proof(session).run(); }

void remove_merged_leavers(Session& session) { Proof(session).run_for_merges_only(); }

}  // namespace muster
