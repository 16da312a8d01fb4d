#include "run/runner.hpp"

#include <fmt/format.h>

#include <utility>

#include "plan/guard.hpp"
#include "run/account_check.hpp"
#include "run/execution.hpp"
#include "run/heartbeat.hpp"
#include "run/meter.hpp"
#include "run/open_adds.hpp"
#include "run/reading_progress.hpp"
#include "run/ready_connection.hpp"
#include "run/rekey.hpp"
#include "run/session.hpp"
#include "run/untouched_rows.hpp"

namespace muster {
namespace {

RunStatus status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kGuard:
    case ErrorKind::kInterrupted:
      return RunStatus::kStopped;
    case ErrorKind::kReconnect:
    case ErrorKind::kLater:
      return RunStatus::kWaiting;
    case ErrorKind::kFailed:
    case ErrorKind::kUsage:
    case ErrorKind::kBusy:
      return RunStatus::kFailed;
  }
  return RunStatus::kFailed;
}

//! The row of the sync, made when it is new.
//! Of a sync that had no row it is made: by one process, whoever else begins at the same time.
SyncId id_of(Store& store, const SyncRules& rules) {
  if (const auto row = store.sync(rules.sync)) return row->id;
  Store::Transaction transaction(store);
  auto row = store.sync(rules.sync);
  if (!row) {
    SyncRow made;
    made.name = rules.sync;
    made.connection = rules.connection;
    row = store.put_sync(made);
  }
  transaction.commit();
  return row->id;
}

//! A cohort without a member: what a file without even a header is when the user says so.
class Nobody final : public Source {
 public:
  void open(const Columns&) override {}
  std::optional<Member> next() override { return std::nullopt; }
  Progress progress() const override { return {}; }
  std::vector<SourceNotice> notices() const override { return {}; }
};

constexpr Milliseconds kCostInterval{5'000};

class Runner {
 public:
  Runner(RunContext& context, const SyncRules& rules, Source& source, const RunOptions& options,
         Lease& lease, const Meter& meter, BatchProgress& batch_progress, SyncRow sync, RunRow& run)
      : context_(context),
        rules_(rules),
        source_(source),
        options_(options),
        lease_(lease),
        meter_(meter),
        batch_progress_(batch_progress),
        sync_(std::move(sync)),
        run_(run),
        spill_(context.temporary_directory),
        report_(muster::report_file(context.reports_directory, run.id),
                std::to_string(static_cast<std::int64_t>(run.id))) {}

  //! Throws Error for whatever keeps the run from its end.
  void run() {
    const auto connection = ready_connection(context_, rules_, [this] {
      if (context_.cancellation.requested()) throw interrupted_run();
      lease_.keep();
    });
    check_account(connection);
    report_.link_records(connection.record_url);
    read_cohort();
    session_.emplace(Session{context_, rules_, lease_, report_, spill_, *cohort_, sync_, run_.id});
    session_->tally.read(*cohort_);
    session_->keep_figures = [this] { keep_figures(); };
    session_->batch_progress = &batch_progress_;
    session_->repair = options_.repair;
    session_->allow_removals = options_.allow_removals;
    session_->is_whole = options_.delta == nullptr;
    keep_figures();
    // With the state its reference was lost; in another account the name means nothing.
    session_->may_adopt = options_.full && same_account_;
    report_rows_not_sent(*session_);
    judge_another_account();
    move_to_account(connection);
    session_->sync = sync_;
    Execution(*session_, options_, leaving_ ? &*leaving_ : nullptr, run_.mode).run();
  }

  //! What came of the run, however it ended.
  void tell(RunResult& result) {
    if (session_) {
      take_figures();
      sync_ = session_->sync;
      result.strangers_removed = session_->removed_strangers;
      result.cohort_was_read = run_.cohort_was_read;
      result.notices = session_->notices;
      if (!result.retry_after) result.retry_after = session_->asked_wait;
    }
    result.sync = sync_;
    if (!sync_.audience_ref.empty()) result.audience_name = sync_.audience_name;
  }

  //! What the run has cost by now: a call for thousands of members takes minutes, and may be killed
  //! in them.
  void keep_cost() {
    const auto now = context_.clock.elapsed();
    if (now - cost_kept_ < kCostInterval) return;
    cost_kept_ = now;
    keep_figures();
  }

  void close_report() {
    if (session_) {
      if (!session_->tally.started()) report_unplanned(*session_);
      report_open_adds(*session_, session_->open_adds);
      report_merged_leavers(*session_);
    }
    report_.flush();
  }

  const std::filesystem::path& report_file() const { return report_.file(); }
  bool complete() const {
    return session_ && session_->tally.complete() && run_.figures.not_removed == 0 &&
           session_->untold_leavers == 0;
  }

 private:
  void read(std::optional<CohortIndex>& index, Source& source) {
    context_.observer.on_progress({RunProgress::Phase::kReading, 0, 0});
    index.emplace(source, context_.destination,
                  CohortMapping{rules_.columns, rules_.kind, rules_.property_names},
                  context_.vault.hasher(), spill_, context_.cancellation,
                  [this](std::uint64_t rows, const Source::Progress& progress) {
                    lease_.keep();
                    context_.observer.on_progress(reading_progress(rows, progress));
                  });
  }

  void take_figures() {
    run_.figures = session_->tally.figures();
    run_.figures.not_updated = session_->refused_updates + session_->still_refused_updates;
    run_.figures.not_removed = session_->refused_removes.size() + session_->refused_strangers;
    run_.cohort_was_read = session_->tally.has_read();
  }

  void keep_figures() {
    if (session_) take_figures();
    meter_.read(run_.figures);
    context_.store.update_run(run_);
  }

  void read_cohort() {
    try {
      read(cohort_, source_);
      if (options_.delta != nullptr) read(leaving_, options_.delta->leaving);
    } catch (const Error& error) {
      if (error.code() == kEmptySource && options_.allow_removals) {
        Nobody nobody;
        return read(cohort_, nobody);
      }
      const auto listed = context_.store.count_members(sync_.id, MemberState::kListed);
      const auto stopped = judge_source(error, listed);
      if (!stopped) throw;
      throw with_identifier_change(*stopped, sync_, rules_.kind);
    }
  }

  //! An audience belongs to one account: its reference means nothing in another.
  void check_account(const ConnectionRow& connection) {
    same_account_ = is_same_account(sync_, connection);
    if (!same_account_ && !options_.full) throw account_changed(rules_);
  }

  //! Whoever is listed in the former account is forgotten for a cohort, not for none.
  void judge_another_account() const {
    if (same_account_ || options_.allow_removals) return;
    Plan plan;
    plan.listed_before = context_.store.count_members(sync_.id, MemberState::kListed);
    const auto verdict = judge(plan, *cohort_, std::nullopt);
    if (verdict.error) throw *verdict.error;
  }

  //! Forgets what belongs to another account: not before there is a cohort to send.
  void move_to_account(const ConnectionRow& connection) {
    Lease::Transaction transaction(lease_);
    if (!same_account_) {
      context_.store.forget_members(sync_.id);
      sync_.audience_ref.clear();
      sync_.audience_name.clear();
      sync_.audience_creating.clear();
      sync_.identifier_kind.clear();
    }
    sync_.connection = rules_.connection;
    sync_.account_id = connection.account_id;
    if (sync_.identifier_kind.empty()) sync_.identifier_kind = rules_.kind;
    context_.store.put_sync(sync_);
    transaction.commit();
  }

  RunContext& context_;
  const SyncRules& rules_;
  Source& source_;
  const RunOptions& options_;
  Lease& lease_;
  const Meter& meter_;
  BatchProgress& batch_progress_;
  SyncRow sync_;
  RunRow& run_;
  Spill spill_;
  Report report_;
  Milliseconds cost_kept_{0};
  bool same_account_ = true;  //!< as the audience's
  std::optional<CohortIndex> cohort_;
  std::optional<CohortIndex> leaving_;  //!< of a run over pushed changes
  std::optional<Session> session_;
};

//! Where in the source it was; of a destination that is the connection's place in muster.yaml.
std::string told_in_history(const Error& error, bool of_source) {
  if (!of_source || error.where().empty()) return error.message();
  return error.where() + ": " + error.message();
}

//! Runs that a kill left without an end: in the history, and in their reports.
void close_dead_runs(RunContext& context, SyncId sync) {
  for (const auto run : context.store.close_dead_runs(sync, context.clock.now())) {
    try {
      close_dead_report(report_file(context.reports_directory, run), run);
    } catch (const Error& error) {
      context.observer.on_notice("the report of a run that was killed stays as it is: " +
                                 error.message());
    }
  }
}

//! What the guard stopped, a person mends in the source.
void settle(Source& source, const std::optional<Error>& error) {
  if (!error || error->kind() == ErrorKind::kGuard) source.settle();
}

//! As if there had been no run: another one will be.
void forget(RunContext& context, RunResult& result) {
  std::error_code failed;
  std::filesystem::remove(result.report, failed);
  result.report.clear();
  context.store.forget_run(result.run.id);
}

}  // namespace

RunResult run_sync(RunContext& context, const SyncRules& rules, Source& source,
                   const RunOptions& options) {
  const auto id = id_of(context.store, rules);
  Lease lease(context.store, context.clock, id, context.owner);
  // Not before: another run may have ended while this one waited for the lease, or for the state.
  const auto sync = context.store.sync(rules.sync).value();
  // One batch at a slow pace, or a source that keeps us waiting, may outlast the lease.
  BatchProgress batch_progress(context.observer, context.destination);
  std::function<void()> keep_cost;  // once there is a run
  const Heartbeat heartbeat(context.destination, source, [&lease, &batch_progress, &keep_cost] {
    lease.keep();
    if (keep_cost) keep_cost();
    batch_progress.beat();
  });
  close_dead_runs(context, sync.id);
  const Meter meter(context.clock, context.destination);

  RunResult result;
  bool of_source = true;
  result.sync = sync;
  result.audience_name = sync.audience_ref.empty() ? rules.audience_name : sync.audience_name;
  result.run.sync = rules.sync;
  result.run.started = context.clock.now();
  result.run.started_by = options.started_by;
  result.run.mode = intended_mode(sync, options);
  result.run.id =
      context.store.start_run(result.run, first_run_without_report(context.reports_directory));
  try {
    Runner runner(context, rules, source, options, lease, meter, batch_progress, sync, result.run);
    result.report = runner.report_file();
    keep_cost = [&runner] { runner.keep_cost(); };
    try {
      runner.run();
    } catch (const DestinationError& error) {
      of_source = false;
      result.unauthenticated = error.status() == MUSTER_UNAUTHENTICATED;
      result.retry_after = error.retry_after();
      // The user ended a call: told as when it happens between two of them.
      const bool interrupted = error.kind() == ErrorKind::kInterrupted;
      result.error = interrupted ? interrupted_run() : Error(error);
    } catch (const SourceNotReady& waits) {
      result.not_ready = true;
      result.retry_after = waits.retry_after();
      result.error = waits;
    } catch (const SourceWaits& waits) {
      result.retry_after = waits.retry_after();
      result.error = waits;
    } catch (const Error& error) {
      result.error = error;
    }
    runner.tell(result);
    runner.close_report();
    settle(source, result.error);
    result.run.status = result.error        ? status_of(result.error->kind())
                        : runner.complete() ? RunStatus::kSucceeded
                                            : RunStatus::kCompletedWithDrops;
  } catch (const Error& error) {
    // The report or the temporary file could not be written.
    result.run.status = status_of(error.kind());
    result.error = error;
  }
  keep_cost = {};
  if (result.not_ready) {
    forget(context, result);
    return result;
  }
  if (result.error) {
    result.run.error_code = result.error->code();
    result.run.error_message = told_in_history(*result.error, of_source);
  }
  meter.read(result.run.figures);
  result.run.finished = context.clock.now();
  const auto told = source.notices();
  result.notices.insert(result.notices.begin(), told.begin(), told.end());
  context.store.update_run(result.run);
  return result;
}

}  // namespace muster
