// When a sync runs next: its cadence, and how its last run ended. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schedule/cadence.hpp"
#include "state/rows.hpp"

namespace muster {

//! How the last run of a sync ended, as far as the next one depends on it.
enum class Ending {
  kNever,       //!< it never ran
  kDone,        //!< with drops or not; also where the guard stopped it: a person must look
  kUnfinished,  //!< interrupted: it goes on at once
  kFailed,      //!< tried again with backoff, at the latest at its cadence
  kSpent,       //!< as failed, and another try would cost again: not before its cadence
  kWaiting,     //!< as failed, but not before the instant that the destination named
  kBusy,        //!< someone else was running it
  kNotReady,    //!< it waits for its source: tried again at the instant that it named
};

//! A sync's place in time.
struct Turn {
  Ending ending = Ending::kNever;
  //! The instant of the cadence that the last run answered; a retry keeps it.
  std::optional<Instant> slot;
  Instant ended{};
  std::uint32_t failures = 0;  //!< in a row
  std::optional<Instant> not_before;
};

//! When to run next: at `now` at the earliest to be taken at once; nothing for a manual sync that
//! nobody has to finish. However many instants of the cadence went by, it is one run.
std::optional<Instant> next_turn(const Cadence& cadence, const Turn& turn, Instant now);

//! The instant of the cadence that a run beginning at `now`, due since `due`, answers: `due` while
//! it is the latest of them, else `now`.
Instant slot_of(const Cadence& cadence, Instant due, Instant now);

//! What the history tells of a sync, newest run first; for a start, and after runs of others.
Turn turn_of(const std::vector<RunRow>& newest_first);

//! How a run of that status and error ended.
Ending ending_of(const RunRow& run);

}  // namespace muster
