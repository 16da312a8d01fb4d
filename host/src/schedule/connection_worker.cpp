#include "schedule/connection_worker.hpp"

#include <algorithm>
#include <utility>

#include "run/report.hpp"
#include "schedule/source_budget.hpp"

namespace muster {
namespace {

// How often a resting connection, or a state that failed, is looked at again.
constexpr Milliseconds kHeldPause = std::chrono::seconds(15);
constexpr Milliseconds kTroublePause = std::chrono::minutes(1);
// Without anything to do: others may run a sync, or bring a connection back.
constexpr Milliseconds kLongestPause = std::chrono::hours(1);
//! Enough of the history to count failures in a row as far as the backoff grows.
constexpr std::size_t kRunsRead = 10;

Cadence cadence_of(const SyncConfig& sync) {
  try {
    return Cadence::parse(sync.cadence);
  } catch (Error& error) {
    throw Error(error).at(sync.cadence_where);
  }
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
  check_source_budgets(config);
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
  if (!due) return now() + kLongestPause;
  if (due->at > now()) return std::min(due->at, now() + kLongestPause);
  auto& entry = agenda_.at(due->sync);
  if (changed_by_others(due->sync, entry)) return now();
  run(due->sync, entry, due->at);
  return now();
}

void ConnectionWorker::read_agenda() {
  std::map<std::string, Entry> agenda;
  for (const auto& sync : workspace_.config().syncs) {
    if (sync.connection != connection_) continue;
    Entry entry{cadence_of(sync), {}, {}};
    if (const auto known = agenda_.find(sync.name); known != agenda_.end()) {
      entry.turn = known->second.turn;
      entry.last_run = known->second.last_run;
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
  const bool checked_at_first_use = connection.auth.contains("token");
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
    if (entry.turn.ending == Ending::kDone) continue;
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
  const auto newest = workspace_.store().runs(sync, 1);
  if (newest.empty() || newest.front().id == entry.last_run) return false;
  read_history(sync, entry);
  return true;
}

void ConnectionWorker::read_history(const std::string& sync, Entry& entry) {
  const auto runs = workspace_.store().runs(sync, kRunsRead);
  entry.turn = turn_of(runs);
  entry.last_run = runs.empty() ? RunId{} : runs.front().id;
}

void ConnectionWorker::run(const std::string& sync, Entry& entry, Instant due) {
  observer_.on_run_begun(sync);
  if (entry.turn.ending == Ending::kDone || !entry.turn.slot) {
    entry.turn.slot = slot_of(entry.cadence, due, now());
  } else {
    // A retry stands for the instant that failed, unless the next one has come.
    const auto regular = entry.cadence.next(*entry.turn.slot, *entry.turn.slot);
    if (regular && *regular <= now()) entry.turn.slot = slot_of(entry.cadence, *regular, now());
  }
  try {
    const auto& config = workspace_.config().sync(sync);
    RunNotices notices(observer_, sync);
    RunOptions options;
    options.started_by = StartedBy::kSchedule;
    const auto result = workspace_.sync(config, options, notices);
    settle(entry, result);
    const auto row = workspace_.connection_row(workspace_.config().connection(connection_));
    observer_.on_run_ended(result, workspace_.rules(config).audience_name,
                           fill_url(row.audience_url, result.sync.audience_ref), next(entry));
  } catch (const Error& error) {
    could_not_run(sync, entry, error);
  }
}

void ConnectionWorker::settle(Entry& entry, const RunResult& result) {
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
