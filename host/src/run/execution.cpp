#include "run/execution.hpp"

#include "plan/guard.hpp"
#include "run/adds.hpp"
#include "run/changes.hpp"
#include "run/open_adds.hpp"
#include "run/proof.hpp"
#include "run/rekeyed_rows.hpp"
#include "run/removes.hpp"
#include "run/rest_reported.hpp"
#include "run/untouched_rows.hpp"
#include "run/updates.hpp"

namespace muster {

RunMode intended_mode(const SyncRow& sync, const RunOptions& options) {
  if (options.delta != nullptr) return RunMode::kIncremental;
  if (options.full || sync.audience_ref.empty()) return RunMode::kFull;
  return options.repair ? RunMode::kRepair : RunMode::kIncremental;
}

void Execution::run() {
  while (const auto gone = execute_unless_gone()) recover(*gone);
  if (session_.adopted) audience_.tell_adoption();
}

//! Why the audience is gone, if it is.
std::optional<DestinationError> Execution::execute_unless_gone() {
  session_.open_adds.clear();
  try {
    execute();
    return std::nullopt;
  } catch (const AudienceGone& gone) {
    return gone.error;
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_AUDIENCE_GONE) throw;
    return error;  // the read-back found it out
  }
}

//! Who was to be sent to the audience that can't be had has no row yet.
void Execution::recover(const DestinationError& gone) {
  const bool rows_are_owed = session_.may_recreate && session_.is_whole;
  try {
    audience_.recover(gone);
  } catch (...) {
    if (rows_are_owed) {
      session_.open_adds.clear();
      report_despite_failure(session_, [&] { report_all_open(session_, plan_whole()); });
    }
    throw;
  }
}

void Execution::execute() {
  if (leaving_ != nullptr) {
    execute_changes();
  } else {
    execute_whole();
  }
}

//! What the list holds beside those who are named, the next whole run proves.
void Execution::execute_changes() {
  const auto [plan, stopped] = plan_changes(session_, *leaving_);
  if (stopped) {
    report_all_open(session_, plan);
    throw *stopped;
  }
  forget(plan.forgotten);
  send(plan);
  tell_merged_leavers(session_);
}

void Execution::execute_whole() {
  if (identifier_changed(session_.sync, session_.rules.kind)) match_by_record(session_);
  const auto plan = plan_whole();
  if (plan.mode == RunMode::kRepair) return repair(plan);
  const auto report_rest = [&] { report_all_open(session_, plan); };
  with_rest_reported(
      session_, [&] { require_unguarded(plan); }, report_rest);
  with_rest_reported(
      session_, [&] { keep_identifier(); }, report_rest);
  with_rest_reported(
      session_, [&] { audience_.rename(); }, report_rest);
  forget(plan.forgotten);
  send(plan);
  verify();
  send_open_values();
}

//! It removes no member, but takes who left the cohort for gone: the guard judges that, too.
void Execution::repair(const Plan& plan) {
  const auto stopped = judge_repair(plan, session_.cohort, session_.rules.max_removals);
  report_untried(session_, plan);
  report_open_adds(session_, plan.adds);
  if (stopped && !options_.allow_removals) throw with_change(*stopped);
  keep_identifier();
  prove(session_);
  send_open_values();
}

//! Of members whom the proof added again: another record may stand for them since.
void Execution::send_open_values() {
  const auto updates = std::exchange(session_.unwritten_properties, {});
  if (updates.empty()) return;
  if (auto end = send_updates(session_, updates); end.left) throw *end.left;
}

//! What the state says that there is to be done, counted.
Plan Execution::plan_whole() {
  PlanOptions plan_options;
  plan_options.mode = intended_mode(session_.sync, options_);
  plan_options.now = session_.context.clock.now();
  plan_options.run = session_.run;
  plan_options.on_drift = session_.rules.on_drift;
  plan_options.creates = session_.rules.create_missing;
  mode_ = plan_options.mode;
  const auto rows = session_.rows();
  auto plan = make_plan(session_.cohort, *rows, plan_options);
  session_.tally.start(session_.cohort, plan);
  session_.keep_figures();
  return plan;
}

//! What the members are identified by is changed by a run that the guard has let pass: a column
//! that was named by mistake must not leave the former matching lost.
void Execution::keep_identifier() {
  if (identifier_changed(session_.sync, session_.rules.kind)) keep_matches(session_);
}

void Execution::require_unguarded(const Plan& plan) const {
  if (options_.allow_removals) return;
  const auto verdict = judge(plan, session_.cohort, session_.rules.max_removals);
  if (verdict.error) throw with_change(*verdict.error);
}

Error Execution::with_change(const Error& stopped) const {
  return with_identifier_change(stopped, session_.sync, session_.rules.kind);
}

//! Removes go along with the last adds, or after them, so that a person known under two
//! identifiers never leaves the list.
void Execution::send(const Plan& plan) {
  Removals removals(session_, removes_of(plan), Merges::kUnknown);
  // First the adds: they find out whether there is a list at all.
  PassesEnd adds;
  with_rest_reported(
      session_,
      [&] {
        adds = send_adds(session_, plan.adds, &removals);
        // A member that the destination does not settle keeps nobody else from leaving.
        if (adds.left && adds.unavailable) throw *adds.left;
      },
      [&] {
        report_untried(session_, plan);
        report_open_updates(session_, updates_of(session_, plan));
        removals.report_open();
      });
  report_untried(session_, plan);
  const auto updates = updates_of(session_, plan);
  session_.unwritten_properties.clear();
  with_rest_reported(
      session_,
      [&] {
        if (auto end = send_updates(session_, updates); end.left) throw *end.left;
      },
      [&] { removals.report_open(); });
  if (auto end = removals.send(); end.left) throw *end.left;
  if (adds.left) throw *adds.left;
}

//! Where there is an audience: that it holds what it should.
void Execution::verify() {
  if (session_.sync.audience_ref.empty()) return;
  const auto& figures = session_.tally.figures();
  if (session_.rules.read_back == ReadBack::kOn) {
    prove(session_);
  } else if (!session_.merged_leavers.empty()) {
    remove_merged_leavers(session_);
  } else if (figures.added + figures.removed == 0) {
    audience_.require();
  }
}

void Execution::forget(const std::vector<MemberKey>& keys) {
  if (keys.empty()) return;
  Lease::Transaction transaction(session_.lease);
  for (const auto& key : keys) session_.context.store.forget_member(session_.sync.id, key);
  transaction.commit();
}

}  // namespace muster
