#include "plan/plan.hpp"

#include <algorithm>

namespace muster {
namespace {

//! Dropped because a reading of the audience did not show the member's record.
bool was_missed(const MemberRow& row) {
  return row.state == MemberState::kDropped && !row.record_id.empty() &&
         (row.reason == "drifted" || row.reason == "silently_dropped");
}

//! Fills a Plan from pairs of cohort member and row.
class Merge {
 public:
  Merge(const PlanOptions& options, std::size_t most_adds) : options_(options) {
    plan_.mode = options.mode;
    plan_.adds.reserve(most_adds);
  }

  void only_in_cohort(const IndexedMember& member) { add(member, AddCause::kNew); }

  void only_in_state(const MemberRow& row) {
    count_held(row);
    switch (row.state) {
      case MemberState::kListed:
        ++plan_.leaving_now;
        return remove(row);
      case MemberState::kLeaving:
        return remove(row);
      case MemberState::kPending:
        switch (pending_of(row)) {
          case Pending::kSent:
            ++plan_.unsure_leaving;
            return remove(row);
          case Pending::kTakenOut:
            return plan_.doubtful.push_back(row.key);
          case Pending::kWithoutEffect:
            return plan_.forgotten.push_back(row.key);
        }
        return;
      case MemberState::kDropped:
        if (was_missed(row)) ++plan_.missed_leaving;
        const bool may_be_in = !row.record_id.empty() || !row.sealed_identifier.empty();
        return (may_be_in ? plan_.doubtful : plan_.forgotten).push_back(row.key);
    }
  }

  void in_both(const IndexedMember& member, const MemberRow& row) {
    count_held(row);
    if (row.state == MemberState::kDropped) {
      dropped(member, row);
      return;
    }
    if (!row.record_id.empty() && needs_add(row)) ++plan_.adds_by_record;
    if (row.state == MemberState::kPending) return add(member, AddCause::kPending);
    if (row.state == MemberState::kLeaving) return add(member, AddCause::kLeaving);
    if (options_.mode == RunMode::kFull) return add(member, AddCause::kResend);
    ++plan_.unchanged;
    if (row.since == options_.run && options_.run != RunId{}) ++plan_.listed_by_run;
    if (member.properties == 0) return;
    if (member.properties != row.properties) {
      plan_.updates.push_back({member.key, member.offset, member.properties});
    } else if (!row.detail.empty()) {
      plan_.still_refused.push_back({member.key, member.offset});
    }
  }

  Plan finish() {
    const auto by_offset = [](const auto& a, const auto& b) { return a.offset < b.offset; };
    std::sort(plan_.adds.begin(), plan_.adds.end(), by_offset);
    std::sort(plan_.updates.begin(), plan_.updates.end(), by_offset);
    std::sort(plan_.still_dropped.begin(), plan_.still_dropped.end(), by_offset);
    std::sort(plan_.still_refused.begin(), plan_.still_refused.end(), by_offset);
    return std::move(plan_);
  }

 private:
  bool needs_add(const MemberRow& row) const {
    return row.state != MemberState::kListed || options_.mode == RunMode::kFull;
  }

  void remove(const MemberRow& row) { plan_.removes.push_back(row.key); }

  void count_held(const MemberRow& row) {
    if (row.state == MemberState::kListed) ++plan_.listed_before;
    if (may_have_been_added(row)) ++plan_.unsure_before;
    if (was_missed(row)) ++plan_.missed_before;
  }

  void add(const IndexedMember& member, AddCause cause) {
    plan_.adds.push_back({member.key, member.offset, member.properties, cause});
  }

  void dropped(const IndexedMember& member, const MemberRow& row) {
    const auto cause = tried_again(row);
    if (!cause) return stays_dropped(member, row);
    ++(*cause == AddCause::kProbe ? plan_.looked_for_again_by_reason
                                  : plan_.tried_again_by_reason)[row.reason];
    add(member, *cause);
  }

  //! Nothing: not in this run.
  std::optional<AddCause> tried_again(const MemberRow& row) const {
    if (options_.mode == RunMode::kRepair) return std::nullopt;
    const bool repairs = options_.on_drift == PlanOptions::Drift::kRepair;
    if (row.reason == "drifted" && repairs) return AddCause::kDrifted;
    if (options_.mode == RunMode::kFull) return AddCause::kHealing;
    const auto due = retrial(row, options_.now, {options_.creates, repairs});
    if (due == Retrial::kProbe) return AddCause::kProbe;
    if (due == Retrial::kFull) return AddCause::kHealing;
    return std::nullopt;
  }

  void stays_dropped(const IndexedMember& member, const MemberRow& row) {
    plan_.still_dropped.push_back({member.key, member.offset});
    ++plan_.still_dropped_by_reason[row.reason];
  }

  const PlanOptions& options_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const CohortIndex& cohort, MemberCursor& rows, const PlanOptions& options) {
  // All may be adds: what is not, is address space that is never touched. Growing in steps would
  // touch half as much again.
  Merge merge(options, cohort.members().size());
  MemberRow row;
  bool has_row = rows.next(row);
  for (const auto& member : cohort.members()) {
    while (has_row && row.key < member.key) {
      merge.only_in_state(row);
      has_row = rows.next(row);
    }
    if (has_row && row.key == member.key) {
      merge.in_both(member, row);
      has_row = rows.next(row);
    } else {
      merge.only_in_cohort(member);
    }
  }
  while (has_row) {
    merge.only_in_state(row);
    has_row = rows.next(row);
  }
  return merge.finish();
}

}  // namespace muster
