#include "schedule/connection_worker.hpp"

#include <algorithm>
#include <utility>

#include "run/report.hpp"

namespace muster {
namespace {

// How often a resting connection, or a state that failed, is looked at again.
constexpr Milliseconds kHeldPause = std::chrono::seconds(15);
constexpr Milliseconds kPushPause = std::chrono::seconds(1);
constexpr Milliseconds kTroublePause = std::chrono::minutes(1);
// Without anything to do: others may run a sync, or bring a connection back.
constexpr Milliseconds kLongestPause = std::chrono::hours(1);
//! Runs in a row that may spend a reading each while its source can't answer.
constexpr std::uint32_t kMostCostlyWaits = 3;
//! Enough of the history to count failures in a row as far as the backoff grows.
constexpr std::size_t kRunsRead = 10;

Cadence cadence_of(const SyncConfig& sync) {
  try {
    return Cadence::parse(sync.cadence);
  } catch (Error& error) {
    throw Error(error).at(sync.cadence_where);
  }
}

//! 1, 2, 4 … seconds, an hour at most, and not before the destination said.
Milliseconds push_pause(std::uint32_t failures, std::optional<Milliseconds> asked) {
  constexpr std::uint32_t kMostDoublings = 12;
  const Milliseconds backoff = kPushPause * (std::int64_t{1} << std::min(failures, kMostDoublings));
  return std::max(std::min(backoff, kLongestPause), asked.value_or(Milliseconds{0}));
}

//! Hands a run's notices on; progress is for people who look at it.
class RunNotices final : public RunObserver {
 public:
  RunNotices(ServeObserver& observer, std::string sync)
      : observer_(observer), sync_(std::move(sync)) {}
  void on_progress(const RunProgress&) override {}
  void on_notice(const std::string& notice) override { observer_.on_notice(sync_, notice); }

 private:
  ServeObserver& observer_;
  std::string sync_;
};

}  // namespace

void check_cadences(const WorkspaceConfig& config) {
  for (const auto& sync : config.syncs) static_cast<void>(cadence_of(sync));
}

ConnectionWorker::ConnectionWorker(std::string connection, WorkspaceConfig config,
                                   WorkspaceEnvironment environment, ServeObserver& observer)
    : connection_(std::move(connection)),
      workspace_(std::move(config),
                 [&] {
                   environment.worker = connection_;
                   return std::move(environment);
                 }()),
      observer_(observer) {}

void ConnectionWorker::adopt(WorkspaceConfig config) {
  workspace_.adopt(std::move(config));
  agenda_is_read_ = false;
}

Instant ConnectionWorker::step() {
  try {
    return work();
  } catch (const Error& error) {
    observer_.on_trouble(connection_, error);
    agenda_is_read_ = false;
    return now() + kTroublePause;
  }
}

Instant ConnectionWorker::work() {
  if (!agenda_is_read_) read_agenda();
  if (is_held()) return now() + kHeldPause;
  const auto due = first_due();
  if (!due || due->at > now()) {
    const auto looked = apply_pushed();
    const auto next = due ? std::min(due->at, now() + kLongestPause) : now() + kLongestPause;
    return looked ? std::min(next, *looked) : next;
  }
  auto& entry = agenda_.at(due->sync);
  if (changed_by_others(due->sync, entry)) return now();
  run(due->sync, entry, due->at);
  return now();
}

void ConnectionWorker::read_agenda() {
  std::map<std::string, Entry> agenda;
  for (const auto& sync : workspace_.config().syncs) {
    if (sync.connection != connection_) continue;
    Entry entry{cadence_of(sync)};
    if (const auto known = agenda_.find(sync.name); known != agenda_.end()) {
      entry = known->second;
      entry.cadence = cadence_of(sync);
      // What kept them may have been mended.
      entry.push_not_before = {};
      if (entry.turn.ending == Ending::kSpent) entry.turn.ending = Ending::kFailed;
    } else {
      read_history(sync.name, entry);
    }
    agenda.emplace(sync.name, std::move(entry));
  }
  agenda_ = std::move(agenda);
  agenda_is_read_ = true;
}

bool ConnectionWorker::is_held() {
  if (agenda_.empty()) return false;
  const auto& connection = workspace_.config().connection(connection_);
  const auto state = workspace_.connection_row(connection).state;
  const bool checked_at_first_use = connection.has_static_token();
  const bool ready = state == ConnectionState::kConnected ||
                     (state == ConnectionState::kNever && checked_at_first_use);
  if (!ready) {
    if (!held_) observer_.on_held(connection_, state);
    held_ = true;
    return true;
  }
  if (!held_) return false;
  held_ = false;
  observer_.on_released(connection_);
  for (auto& [name, entry] : agenda_) {
    // What waited for the connection goes on now.
    if (entry.turn.ending == Ending::kDone || entry.turn.ending == Ending::kSpent) continue;
    entry.turn = Turn{};
    entry.turn.ending = Ending::kUnfinished;
  }
  return false;
}

std::optional<Instant> ConnectionWorker::next(const Entry& entry) const {
  return next_turn(entry.cadence, entry.turn, now());
}

//! Of several that are due, the one that waits longest; by name where they wait alike.
std::optional<ConnectionWorker::Due> ConnectionWorker::first_due() const {
  std::optional<Due> first;
  for (const auto& [name, entry] : agenda_) {
    const auto at = next(entry);
    if (at && (!first || *at < first->at)) first = Due{name, *at};
  }
  return first;
}

//! Whether somebody ran the sync meanwhile: then it may not be due at all.
bool ConnectionWorker::changed_by_others(const std::string& sync, Entry& entry) {
  const auto newest = whole_runs(sync, 1);
  if (newest.empty() || newest.front().id == entry.last_run) return false;
  read_history(sync, entry);
  return true;
}

//! Runs over pushed changes say nothing of when the whole cohort is due.
std::vector<RunRow> ConnectionWorker::whole_runs(const std::string& sync, std::size_t limit) {
  RunFilter filter;
  filter.sync = sync;
  filter.limit = limit;
  filter.runs = RunFilter::Runs::kWhole;
  return workspace_.store().runs(filter);
}

RunId ConnectionWorker::last_whole_run(const std::string& sync) {
  const auto newest = whole_runs(sync, 1);
  return newest.empty() ? RunId{} : newest.front().id;
}

void ConnectionWorker::rest_pushes(const std::string& sync, Entry& entry, Milliseconds pause) {
  entry.push_not_before = now() + pause;
  entry.push_rests_after = last_whole_run(sync);
}

//! A run over the whole cohort, whoever began it, ends the rest: things may be right now.
bool ConnectionWorker::pushes_rest(const std::string& sync, const Entry& entry) {
  if (now() >= entry.push_not_before) return false;
  const auto newest = whole_runs(sync, 1);
  return newest.empty() || newest.front().id == entry.push_rests_after || !newest.front().finished;
}

//! Micro-batches: whatever came since the last look is one run. When to look again; nothing where
//! no sync takes pushes.
std::optional<Instant> ConnectionWorker::apply_pushed() {
  std::optional<Instant> again;
  for (auto& [name, entry] : agenda_) {
    const auto& config = workspace_.config().sync(name);
    if (config.push_cohort.empty()) continue;
    again = now() + kPushPause;
    if (pushes_rest(name, entry) || !workspace_.has_pushed(config)) continue;
    try {
      apply_pushed(config, entry);
    } catch (const Error& error) {
      rest_pushes(name, entry, push_pause(++entry.push_failures, std::nullopt));
      observer_.on_not_run(name, error, entry.push_not_before);
    }
  }
  return again;
}

void ConnectionWorker::apply_pushed(const SyncConfig& sync, Entry& entry) {
  if (!workspace_.takes_changes(sync)) {
    if (!std::exchange(entry.told_to_wait, true)) {
      observer_.on_notice(sync.name,
                          "changes were pushed; they wait for the next run over the whole cohort");
    }
    return;
  }
  entry.told_to_wait = false;
  RunNotices notices(observer_, sync.name);
  const auto result = workspace_.apply_pushed(sync, notices);
  if (!result) return;
  entry.push_failures = result->error ? entry.push_failures + 1 : 0;
  if (result->error && result->error->kind() == ErrorKind::kGuard) {
    rest_pushes(sync.name, entry, kLongestPause);  // a person must look
  } else if (result->error) {
    rest_pushes(sync.name, entry, push_pause(entry.push_failures, result->retry_after));
  }
  const auto row = workspace_.connection_row(workspace_.config().connection(connection_));
  observer_.on_run_ended(*result, fill_url(row.audience_url, result->sync.audience_ref),
                         next(entry));
}

void ConnectionWorker::read_history(const std::string& sync, Entry& entry) {
  const auto runs = whole_runs(sync, kRunsRead);
  entry.turn = turn_of(runs);
  entry.last_run = runs.empty() ? RunId{} : runs.front().id;
  weigh_another_try(sync, entry);
}

//! What failed will fail again, as far as anybody knows, and what has to wait for Amplitude may,
//! too: where a try costs one of a month's readings, it waits for the instant that would have cost
//! one anyway.
void ConnectionWorker::weigh_another_try(const std::string& sync, Entry& entry) {
  auto& turn = entry.turn;
  const bool may_repeat = turn.ending == Ending::kFailed ||
                          (turn.ending == Ending::kWaiting && turn.failures >= kMostCostlyWaits);
  if (!may_repeat || !turn.slot) return;
  try {
    const bool costs = workspace_.costs_again(workspace_.config().sync(sync), *turn.slot);
    if (costs) turn.ending = Ending::kSpent;
  } catch (const Error&) {
    // Keys that lead nowhere reach nobody, and cost nothing.
  }
}

void ConnectionWorker::run(const std::string& sync, Entry& entry, Instant due) {
  if (entry.turn.ending != Ending::kNotReady) {
    observer_.on_run_begun(sync);
    entry.attempts = {};
    entry.source_waits.clear();
  }
  take_slot(entry, due);
  try {
    const auto& config = workspace_.config().sync(sync);
    RunNotices notices(observer_, sync);
    RunOptions options;
    options.started_by = StartedBy::kSchedule;
    options.cohort_since = entry.turn.slot;  // until the next one, a retry costs nothing
    options.attempts = &entry.attempts;
    const auto result = workspace_.sync(config, options, notices);
    if (result.not_ready) return try_later(sync, entry, result);
    settle(sync, entry, result);
    const auto row = workspace_.connection_row(workspace_.config().connection(connection_));
    observer_.on_run_ended(result, fill_url(row.audience_url, result.sync.audience_ref),
                           next(entry));
  } catch (const Error& error) {
    could_not_run(sync, entry, error);
  }
}

void ConnectionWorker::take_slot(Entry& entry, Instant due) const {
  if (entry.turn.ending == Ending::kDone || !entry.turn.slot) {
    entry.turn.slot = slot_of(entry.cadence, due, now());
    return;
  }
  // A retry stands for the instant that failed, unless the next one has come.
  const auto regular = entry.cadence.next(*entry.turn.slot, *entry.turn.slot);
  if (regular && *regular <= now()) entry.turn.slot = slot_of(entry.cadence, *regular, now());
}

//! What else is due runs meanwhile.
void ConnectionWorker::try_later(const std::string& sync, Entry& entry, const RunResult& result) {
  entry.turn.ending = Ending::kNotReady;
  entry.turn.ended = now();
  entry.turn.not_before = now() + result.retry_after.value_or(kTroublePause);
  if (!entry.source_waits.insert(result.error->code()).second) return;
  observer_.on_source_waits(sync, *result.error, *entry.turn.not_before);
}

void ConnectionWorker::settle(const std::string& sync, Entry& entry, const RunResult& result) {
  auto& turn = entry.turn;
  entry.last_run = result.run.id;
  turn.ending = ending_of(result.run);
  turn.ended = now();
  turn.not_before.reset();
  if (turn.ending == Ending::kDone) {
    turn.failures = 0;
    return;
  }
  ++turn.failures;
  if (turn.ending == Ending::kWaiting && result.retry_after) {
    turn.not_before = now() + *result.retry_after;
  }
  weigh_another_try(sync, entry);
}

void ConnectionWorker::could_not_run(const std::string& sync, Entry& entry, const Error& error) {
  auto& turn = entry.turn;
  turn.ended = now();
  turn.not_before.reset();
  if (error.kind() == ErrorKind::kBusy) {
    // Once they are done, the history tells.
    turn.ending = Ending::kBusy;
    entry.last_run = {};
  } else {
    turn.ending = Ending::kFailed;
    ++turn.failures;
  }
  observer_.on_not_run(sync, error, next(entry));
}

}  // namespace muster
