// Compares a list with what was last confirmed of it, outside a run (promise 3): `muster verify`.
#pragma once

#include "run/runner.hpp"

namespace muster {

struct VerifyResult {
  SyncRow sync;
  std::uint64_t expected = 0;   //!< members that should be in the list
  std::uint64_t confirmed = 0;  //!< of these: that are
  std::uint64_t missing = 0;    //!< that are not
  std::uint64_t strangers = 0;  //!< records in the list that are nobody of ours
  std::uint64_t leavers = 0;    //!< members in the list that were, or are to be, removed
  std::uint64_t unsettled =
      0;  //!< members that a run left open, whether they are in the list or not
  std::uint64_t repaired = 0;    //!< members added again, leavers and strangers removed
  bool was_read = true;          //!< else the figures say nothing: a repair that failed
  bool list_gone = false;        //!< the list was deleted at the destination
  std::optional<RunResult> run;  //!< the repair, as the history keeps it; nothing without one
};

//! Reads the list and compares. Writes nothing but the new record ids of merged contacts; reads the
//! source only to look up who is missing. Throws Error, also where no run has made a list yet.
VerifyResult verify_sync(RunContext& context, const SyncRules& rules, Source& source);

//! Members whom a run has sent, or was to send, and not settled. Reads the sync's rows.
std::uint64_t count_unsettled(Store& store, SyncId sync);

//! The figures of a run that repaired.
VerifyResult repaired(RunResult run);

}  // namespace muster
