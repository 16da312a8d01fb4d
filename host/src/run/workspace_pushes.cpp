// The part of a workspace that takes pushed changes: laid over the whole cohort, or applied alone.
#include <fmt/format.h>

#include "run/pushes.hpp"
#include "run/rekey.hpp"
#include "run/workspace.hpp"

namespace muster {

Inbox& Workspace::inbox() {
  if (inbox_) return *inbox_;
  if (!looking_) make_directories();
  inbox_ = std::make_unique<Inbox>(inbox_file(),
                                   looking_ ? StoreAccess::kReadOnly : StoreAccess::kReadWrite);
  return *inbox_;
}

Pushes Workspace::pushes() { return {inbox(), vault(), environment_.clock}; }

Subscription Workspace::subscription(const SyncConfig& sync) {
  return pushes().subscription(sync.name, sync.push_cohort);
}

std::unique_ptr<Source> Workspace::cohort_source(const SyncConfig& sync,
                                                 SourceEnvironment environment) {
  auto source = make_source(sync.source, std::move(environment));
  std::error_code failed;
  const bool nothing_to_see =
      looking_ && (!has_state() || !std::filesystem::exists(inbox_file(), failed));
  if (sync.push_cohort.empty() || nothing_to_see) return source;
  return std::make_unique<OverlaidSource>(
      std::move(source), environment_.clock,
      [this, to = subscription(sync)] { return pushes().since_whole(to); },
      user_id_column(sync.source));
}

RunResult Workspace::sync(const SyncConfig& sync, const RunOptions& options,
                          RunObserver& observer) {
  if (sync.push_cohort.empty()) {
    const auto source = cohort_source(sync, run_environment(options, observer));
    return run(sync, rules(sync), *source, options, observer);
  }
  const auto to = subscription(sync);
  std::int64_t taken_in = 0;
  OverlaidSource source(
      make_source(sync.source, run_environment(options, observer)), environment_.clock,
      [&] {
        taken_in = inbox().last_waiting(to).value_or(0);
        return pushes().since_whole(to);
      },
      user_id_column(sync.source));
  auto result = run(sync, rules(sync), source, options, observer);
  if (result.error) return result;
  try {
    inbox().settle(to, pushed_time(source.as_of()), taken_in, environment_.clock.now());
  } catch (const Error& error) {
    observer.on_notice(fmt::format(
        "what was pushed before this run will be applied once more, which changes nothing: {}",
        error.message()));
  }
  return result;
}

bool Workspace::has_pushed(const SyncConfig& sync) {
  return !sync.push_cohort.empty() && inbox().last_waiting(subscription(sync)).has_value();
}

bool Workspace::takes_changes(const SyncConfig& sync) {
  const auto row = store().sync(sync.name);
  return row && !row->audience_ref.empty() && !identifier_changed(*row, sync.kind);
}

std::optional<RunResult> Workspace::apply_pushed(const SyncConfig& sync, RunObserver& observer) {
  using Direction = PushedChanges::Direction;
  const auto to = subscription(sync);
  auto last = inbox().last_waiting(to);
  if (!last) return std::nullopt;
  auto changes = pushes().to_apply(to);
  if (changes.waiting(Direction::kEnters).empty() && changes.waiting(Direction::kLeaves).empty()) {
    inbox().mark_applied(to, *last);
    return std::nullopt;
  }
  // Read once more under the sync's lease: a run of somebody else's may have taken them in.
  const auto id_column = user_id_column(sync.source);
  PushedSource enters(
      [&] {
        last = inbox().last_waiting(to);
        changes = pushes().to_apply(to);
        return changes.waiting(Direction::kEnters);
      },
      id_column);
  PushedSource leaves([&] { return changes.waiting(Direction::kLeaves); }, id_column);
  const PushedDelta delta{leaves};
  RunOptions options;
  options.started_by = StartedBy::kPush;
  options.delta = &delta;
  auto changes_alone = rules(sync);
  if (changes_alone.read_back == ReadBack::kOn) changes_alone.read_back = ReadBack::kLater;
  auto result = run(sync, changes_alone, enters, options, observer);
  if (!result.error && last) inbox().mark_applied(to, *last);
  return result;
}

}  // namespace muster
