#include "run/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/guard.hpp"
#include "run/read_back.hpp"

namespace muster {
namespace {

//! The rows of those who enter or leave, in key order.
class NamedRows final : public MemberCursor {
 public:
  NamedRows(Store& store, SyncId sync, const CohortIndex& entering, const CohortIndex& leaving)
      : store_(store), sync_(sync) {
    for (const auto* named : {&entering, &leaving}) {
      for (const auto& member : named->members()) keys_.push_back(member.key);
    }
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  }
  bool next(MemberRow& row) override {
    while (at_ < keys_.size()) {
      if (auto found = store_.member(sync_, keys_[at_++])) {
        row = std::move(*found);
        return true;
      }
    }
    return false;
  }

 private:
  Store& store_;
  SyncId sync_;
  std::vector<MemberKey> keys_;
  std::size_t at_ = 0;
};

//! Reads every row of the sync.
std::uint64_t count_possibly_listed(Store& store, SyncId sync) {
  const auto rows = store.members(sync);
  std::uint64_t count = 0;
  for (MemberRow row; rows->next(row);) {
    if (may_have_been_added(row) || (was_written_off(row) && !row.record_id.empty())) ++count;
  }
  return count;
}

ChangesSeen seen(const Session& session, const Plan& plan) {
  auto& store = session.context.store;
  const auto sync = session.sync.id;
  ChangesSeen changes;
  changes.removed_before = store.count_removed_by_pushes(session.sync.name);
  changes.listed = store.count_members(sync, MemberState::kListed) +
                   store.count_members(sync, MemberState::kLeaving);
  changes.leaving = static_cast<std::uint64_t>(
      std::count_if(plan.removes.begin(), plan.removes.end(), [&](const MemberKey& key) {
        const auto row = store.member(sync, key);
        return row && row->state != MemberState::kPending;
      }));
  changes.entering = plan.adds.size();
  changes.possibly_leaving = plan.unsure_leaving + plan.missed_leaving;
  if (changes.possibly_leaving > 0) changes.possibly_listed = count_possibly_listed(store, sync);
  return changes;
}

//! Nothing else would tell that they stay.
void tell_unknown_leavers(Session& session, const CohortIndex& leaving) {
  const auto tell = [&](const char* code, std::uint64_t count, std::string text) {
    if (count == 0) return;
    session.notices.push_back({code, count, {}, std::move(text)});
  };
  std::uint64_t unknown = 0;
  for (const auto& [reason, count] : leaving.rejected()) unknown += count;
  session.untold_leavers = unknown;
  tell("leavers_without_identifier", unknown,
       fmt::format("{} of those who leave the cohort can't be told by '{}': who of them is in the "
                   "list stays there until the next run over the whole cohort",
                   unknown, session.rules.columns.identifier));
  // As after a change of address: the state knows a person by it alone. Or a whole run was earlier.
  const auto& members = leaving.members();
  const auto others = static_cast<std::uint64_t>(
      std::count_if(members.begin(), members.end(), [&](const auto& member) {
        return session.cohort.find(member.key) == nullptr &&
               !session.context.store.member(session.sync.id, member.key);
      }));
  tell(
      "unknown_leavers", others,
      fmt::format("{} of those who leave the cohort are not known by the '{}' that was pushed: who "
                  "of them is in the list under another one stays there until the next run over "
                  "the whole cohort",
                  others, session.rules.columns.identifier));
}

}  // namespace

PlannedChanges plan_changes(Session& session, const CohortIndex& leaving) {
  PlanOptions options;
  options.now = session.context.clock.now();
  options.run = session.run;
  options.on_drift = session.rules.on_drift;
  options.creates = session.rules.create_missing;
  NamedRows rows(session.context.store, session.sync.id, session.cohort, leaving);
  PlannedChanges planned{make_plan(session.cohort, rows, options), {}};
  session.tally.start(session.cohort, planned.plan);
  tell_unknown_leavers(session, leaving);
  planned.stopped = judge_changes(seen(session, planned.plan), session.rules.max_removals);
  return planned;
}

void tell_merged_leavers(const Session& session) {
  if (session.merged_leavers.empty()) return;
  session.context.observer.on_notice(fmt::format(
      "records of {} who leave the cohort were merged into others: they stay in the list "
      "until the next run over the whole cohort",
      session.merged_leavers.size()));
}

}  // namespace muster
