#include "schedule/turn.hpp"

#include <algorithm>

namespace muster {
namespace {

constexpr Milliseconds kFirstRetry = std::chrono::minutes(1);
constexpr Milliseconds kLongestRetry = std::chrono::hours(1);
constexpr Milliseconds kBusyRetry = std::chrono::minutes(1);
constexpr std::uint32_t kLargestDoubling = 6;

Instant after_backoff(const Turn& turn) {
  const auto doublings = std::min(turn.failures > 0 ? turn.failures - 1 : 0, kLargestDoubling);
  return turn.ended + std::min(kFirstRetry * (std::int64_t{1} << doublings), kLongestRetry);
}

std::optional<Instant> by_cadence(const Cadence& cadence, const Turn& turn, Instant now) {
  if (!turn.slot) return cadence.next(now, std::nullopt) ? std::optional(now) : std::nullopt;
  // A clock that was set back must not put the next run into a far future.
  const auto slot = std::min(*turn.slot, now);
  return cadence.next(slot, slot);
}

}  // namespace

std::optional<Instant> next_turn(const Cadence& cadence, const Turn& turn, Instant now) {
  const auto regular = by_cadence(cadence, turn, now);
  if (!regular) return std::nullopt;
  switch (turn.ending) {
    case Ending::kNever:
    case Ending::kUnfinished:
      return now;
    case Ending::kDone:
      return regular;
    case Ending::kSpent:
      return turn.not_before ? std::max(*regular, *turn.not_before) : regular;
    case Ending::kFailed:
      return std::min(*regular, after_backoff(turn));
    case Ending::kWaiting:
      if (turn.not_before) return turn.not_before;
      return std::min(*regular, after_backoff(turn));
    case Ending::kBusy:
      return turn.ended + kBusyRetry;
    case Ending::kNotReady:
      return turn.not_before.value_or(now);
  }
  return regular;
}

Instant slot_of(const Cadence& cadence, Instant due, Instant now) {
  const auto next = cadence.next(due, due);
  return next && *next > now ? due : now;
}

Ending ending_of(const RunRow& run) {
  switch (run.status) {
    case RunStatus::kSucceeded:
    case RunStatus::kCompletedWithDrops:
      return Ending::kDone;
    case RunStatus::kRunning:  // found so at a start: its process is dead, or the lease will tell
    case RunStatus::kInterrupted:
      return Ending::kUnfinished;
    case RunStatus::kStopped:
      return run.error_code == "run.interrupted" ? Ending::kUnfinished : Ending::kDone;
    case RunStatus::kWaiting:
      return Ending::kWaiting;
    case RunStatus::kFailed:
      return Ending::kFailed;
  }
  return Ending::kFailed;
}

Turn turn_of(const std::vector<RunRow>& newest_first) {
  Turn turn;
  if (newest_first.empty()) return turn;
  const auto& last = newest_first.front();
  turn.ending = ending_of(last);
  turn.slot = last.started;
  turn.ended = last.finished.value_or(last.started);
  for (const auto& run : newest_first) {
    const auto ending = ending_of(run);
    if (ending != Ending::kFailed && ending != Ending::kWaiting) break;
    ++turn.failures;
  }
  return turn;
}

}  // namespace muster
