#include "run/adds.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "run/dead_runs.hpp"
#include "run/open_adds.hpp"
#include "run/open_records.hpp"
#include "run/rest_reported.hpp"
#include "run/unaccounted.hpp"

namespace muster {
namespace {

struct OpenAdd {
  PlannedAdd planned;
  std::size_t place = 0;  //!< among the adds of the plan
  int unaccounted = 0;
};

//! A member of the batch in hand.
struct Candidate {
  OpenAdd open;
  SpilledMember member;
  MemberRow row;
  bool was_listed = false;
  bool may_be_in = false;    //!< an add of before may have taken effect
  bool of_dead_run = false;  //!< that one was sent by a run that nobody heard of again
  bool not_asked = false;    //!< what it was refused for was not tried again
  std::string reason_before;
  std::string detail_before;
};

class AddSender {
 public:
  AddSender(Session& session, std::vector<bool>& settled, Removals* removals)
      : session_(session),
        store_(session.context.store),
        settled_(settled),
        removals_(removals),
        dead_runs_(session.context.store),
        open_(settled.size()) {}

  BatchLeft<OpenAdd> send(std::vector<OpenAdd> open) {
    auto leaving = riding_removals(open.size());
    auto candidates = write_ahead(std::move(open));
    std::vector<Operation> operations;
    operations.reserve(candidates.size() + leaving.size());
    for (const auto& candidate : candidates) operations.push_back(operation(candidate));
    std::move(leaving.begin(), leaving.end(), std::back_inserter(operations));
    auto result = session_.call(operations, [&](std::span<const ResolvedRecord> records) {
      write_records_ahead(candidates, records);
    });

    BatchLeft<OpenAdd> left{{}, result.wait, std::move(result.unavailable)};
    Lease::Transaction transaction(session_.lease);
    std::vector<std::size_t> places;
    Removals::Adds adds;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto& outcome = result.outcomes[i];
      if (settle(candidates[i], outcome)) {
        places.push_back(candidates[i].open.place);
      } else {
        left.items.push_back(candidates[i].open);
        adds.unsettled.insert(candidates[i].row.record_id);
      }
    }
    if (removals_ != nullptr) {
      removals_->settle(std::span(result.outcomes).subspan(candidates.size()), adds);
    }
    session_.report.flush();
    transaction.commit();
    for (const auto place : places) settled_[place] = true;
    open_ -= places.size();
    if (removals_ != nullptr) removals_->committed();
    Session::end_if_fatal(result);
    return left;
  }

  //! Members that a run that died had sent, and whose records may be of its making.
  std::uint64_t unknown_makers() const noexcept { return unknown_makers_; }
  //! Members that were gone from the audience, and were added again.
  std::uint64_t drifted() const noexcept { return drifted_; }

 private:
  //! So that the audience changes once. Not before every add is settled or in this batch: who is
  //! known under two identifiers would leave, and enter again.
  std::vector<Operation> riding_removals(std::size_t adds) {
    const std::size_t most = session_.context.destination.descriptor().max_batch;
    if (removals_ == nullptr || adds < open_ || adds >= most) return {};
    return removals_->ride_along(most - adds);
  }

  //! A kill from here on leaves rows that the next run repairs.
  std::vector<Candidate> write_ahead(std::vector<OpenAdd> open) {
    std::vector<Candidate> candidates;
    candidates.reserve(open.size());
    Lease::Transaction transaction(session_.lease);
    for (auto& add : open) {
      Candidate candidate;
      candidate.open = add;
      candidate.member = session_.spill.read(add.planned.offset);
      candidate.row.key = add.planned.key;
      if (auto row = store_.member(session_.sync.id, add.planned.key)) {
        candidate.row = std::move(*row);
        candidate.was_listed = candidate.row.state == MemberState::kListed;
        candidate.may_be_in = may_be_in(candidate.row);
        candidate.of_dead_run = was_sent_by_a_dead_run(candidate.row);
        candidate.reason_before = candidate.row.reason;
        candidate.detail_before = candidate.row.detail;
      }
      if (!candidate.was_listed) put_pending(candidate);
      candidates.push_back(std::move(candidate));
    }
    transaction.commit();
    return candidates;
  }

  static bool may_be_in(const MemberRow& row) {
    if (row.state == MemberState::kPending) return pending_of(row) != Pending::kWithoutEffect;
    return row.state != MemberState::kDropped || !row.record_id.empty() ||
           !row.sealed_identifier.empty();
  }

  bool was_sent_by_a_dead_run(const MemberRow& row) {
    const bool sent = row.state == MemberState::kPending && !row.sealed_identifier.empty();
    return sent && row.since != session_.run && dead_runs_.contains(row.since);
  }

  void put_pending(Candidate& candidate) {
    auto& row = candidate.row;
    const bool came_to_nothing =
        row.state == MemberState::kPending && pending_of(row) == Pending::kWithoutEffect;
    if (came_to_nothing) row.detail.clear();
    if (row.state == MemberState::kPending && !row.sealed_identifier.empty()) {
      if (came_to_nothing) store_.put_member(session_.sync.id, row);
      return;
    }
    row.state = MemberState::kPending;
    row.sealed_identifier = session_.sealed(row.key, candidate.member.identifier);
    row.since = session_.run;
    store_.put_member(session_.sync.id, row);
  }

  //! A kill behind the write to the audience must leave more than an identifier, which may lead
  //! elsewhere by the time that the member leaves.
  void write_records_ahead(std::vector<Candidate>& candidates,
                           std::span<const ResolvedRecord> records) {
    Lease::Transaction transaction(session_.lease);
    for (const auto& [index, record_id] : records) {
      if (index >= candidates.size()) continue;  // of a removal: its record is known
      auto& candidate = candidates[index];
      auto& row = candidate.row;
      if (row.record_id == record_id) continue;
      row.move_to(std::string(record_id));
      if (candidate.was_listed) {
        // Under another record, which is gone: under this one they are not in the audience yet.
        row.state = MemberState::kPending;
        row.detail.clear();
        row.sealed_identifier = session_.sealed(row.key, candidate.member.identifier);
      }
      store_.put_member(session_.sync.id, row);
    }
    transaction.commit();
  }

  static Operation operation(const Candidate& candidate) {
    Operation operation;
    operation.kind = OperationKind::kAdd;
    operation.must_exist = candidate.open.planned.cause == AddCause::kProbe;
    operation.identifier = candidate.member.identifier;
    operation.record_id = candidate.row.record_id;
    operation.properties = candidate.member.properties;
    return operation;
  }

  //! Whether the outcome is final.
  bool settle(Candidate& candidate, const Outcome& outcome) {
    switch (outcome.kind) {
      case OutcomeKind::kApplied:
      case OutcomeKind::kUnchanged:
        list(candidate, outcome);
        return true;
      case OutcomeKind::kNotFound:
        not_found(candidate);
        return true;
      case OutcomeKind::kRejected:
        drop(candidate, outcome.reason.empty() ? "rejected_by_destination" : outcome.reason,
             outcome.detail);
        return true;
      case OutcomeKind::kInDoubt:
        if (is_unaccounted(outcome) && ++candidate.open.unaccounted >= kUnaccountedTries) {
          drop(candidate, "silently_dropped", outcome.detail);
          return true;
        }
        break;
      case OutcomeKind::kRetry:
      case OutcomeKind::kSkipped:
        if (!candidate.may_be_in) candidate.row.detail = kNotApplied;
        break;
    }
    remember(candidate, outcome);
    return false;
  }

  void list(Candidate& candidate, const Outcome& outcome) {
    const bool changed = outcome.kind == OutcomeKind::kApplied;
    const bool newly = changed || !candidate.was_listed || candidate.row.since == session_.run;
    MemberRow row;
    row.key = candidate.row.key;
    row.state = MemberState::kListed;
    row.record_id = outcome.record_id;
    // Values are written where a record is created, and by updates: an add writes none.
    const auto wanted = candidate.open.planned.properties;
    const bool written = outcome.created && !outcome.values_left_out;
    candidate.row.move_to(outcome.record_id);
    const bool resent = candidate.open.planned.cause == AddCause::kResend;
    if (!resent) {
      row.properties = candidate.row.properties;
      if (candidate.was_listed) row.detail = candidate.row.detail;
    }
    if (written) row.properties = wanted;
    if (wanted != 0 && row.properties != wanted) {
      session_.unwritten_properties.push_back(
          {candidate.row.key, candidate.open.planned.offset, wanted});
    }
    row.since = newly ? session_.run : candidate.row.since;
    // A reading may yet show that it is one more failure.
    row.attempts = candidate.row.attempts;
    store_.put_member(session_.sync.id, row);
    session_.tally.listed(newly ? Tally::Newly::kListed : Tally::Newly::kStillListed);
    const bool drifted = newly && candidate.open.planned.cause == AddCause::kDrifted;
    if (drifted) ++drifted_;
    if (newly) {
      put_change(candidate, ChangeKind::kAdded, outcome.record_id, drifted ? "drifted" : "", {});
    }
    // Whether the record was made by that run the destination does not tell.
    const bool unknown_maker =
        candidate.of_dead_run && !outcome.created && session_.rules.create_missing;
    if (unknown_maker) ++unknown_makers_;
    report(candidate, newly ? "added" : "unchanged", {},
           unknown_maker ? std::string_view("SENT_BEFORE")
           : drifted     ? std::string_view("DRIFTED")
                         : outcome.detail,
           outcome.record_id);
  }

  void not_found(Candidate& candidate) {
    // A probe that finds nothing has learnt nothing new of why the member was dropped.
    const bool probe = candidate.open.planned.cause == AddCause::kProbe;
    if (probe && !candidate.reason_before.empty()) {
      candidate.not_asked = candidate.reason_before != "not_found";
      return drop(candidate, candidate.reason_before, candidate.detail_before);
    }
    drop(candidate, "not_found", {});
  }

  //! What an add of before may have left in the audience stays known: who leaves the cohort is
  //! taken out of it all the same.
  void drop(Candidate& candidate, const std::string& reason, const std::string& detail) {
    MemberRow row;
    row.key = candidate.row.key;
    row.state = MemberState::kDropped;
    if (candidate.may_be_in) {
      row.record_id = candidate.row.record_id;
      if (row.record_id.empty()) row.sealed_identifier = candidate.row.sealed_identifier;
    }
    row.reason = reason;
    row.detail = detail;
    row.attempts = candidate.was_listed ? 1 : candidate.row.attempts + 1;
    row.last_try = session_.context.clock.now();
    row.since = session_.run;
    store_.put_member(session_.sync.id, row);
    session_.tally.dropped(reason);
    if (candidate.reason_before != reason) {
      put_change(candidate, ChangeKind::kDropped, {}, reason, detail);
    }
    report(candidate, "dropped", reason, detail, {});
  }

  //! What was learnt of the record saves a look-up in the next pass; and the guard must not take
  //! for listed whoever surely is not.
  void remember(Candidate& candidate, const Outcome& outcome) {
    const bool found = !outcome.record_id.empty() && outcome.record_id != candidate.row.record_id;
    if (found) candidate.row.move_to(outcome.record_id);
    if (!found && candidate.row.detail != kNotApplied) return;
    store_.put_member(session_.sync.id, candidate.row);
  }

  void put_change(const Candidate& candidate, ChangeKind kind, const std::string& record_id,
                  const std::string& reason, const std::string& detail) {
    store_.put_change(session_.sync.id,
                      {session_.run, candidate.row.key, kind, record_id, reason, detail});
  }

  void report(const Candidate& candidate, std::string_view outcome, std::string_view reason,
              std::string_view detail, std::string_view record_id) {
    session_.report.add({candidate.not_asked ? "none" : "add", candidate.member.source_id,
                         candidate.member.identifier, outcome, reason, detail, record_id});
  }

  Session& session_;
  Store& store_;
  std::vector<bool>& settled_;
  Removals* const removals_;  //!< nothing: none go along
  DeadRuns dead_runs_;
  std::uint64_t unknown_makers_ = 0;
  std::uint64_t drifted_ = 0;
  std::size_t open_;  //!< adds that are not settled
};

}  // namespace

PassesEnd send_adds(Session& session, const std::vector<PlannedAdd>& adds, Removals* removals) {
  std::vector<bool> settled(adds.size(), false);
  AddSender sender(session, settled, removals);
  PassesEnd end;
  with_rest_reported(
      session,
      [&] {
        end = run_passes<OpenAdd>(
            session, RunProgress::Phase::kAdding, adds.size(),
            [&](std::size_t i) {
              return OpenAdd{adds[i], i, 0};
            },
            session.context.destination.descriptor().max_batch,
            [&](std::vector<OpenAdd> batch) { return sender.send(std::move(batch)); });
      },
      [&] { report_open_adds(session, adds, settled); });
  for (std::size_t i = 0; i < adds.size(); ++i) {
    if (!settled[i]) session.open_adds.push_back(adds[i]);
  }
  if (const auto count = sender.unknown_makers(); count > 0) {
    session.context.observer.on_notice(fmt::format(
        "{} members had been sent by a run that died; records that it created for them are not "
        "counted as created: the destination does not tell who made them (SENT_BEFORE in the "
        "report)",
        count));
  }
  if (const auto count = sender.drifted(); count > 0) {
    session.context.observer.on_notice(fmt::format(
        "{} had been taken out of the list by others and {} added again (DRIFTED in the report)",
        count == 1 ? "1 member" : fmt::format("{} members", count), count == 1 ? "was" : "were"));
  }
  const bool removals_follow = end.left && !end.unavailable && removals != nullptr;
  if (removals_follow && !removals->all_settled()) {
    removals->hold(records_of_open(session, adds, settled));
  }
  return end;
}

}  // namespace muster
