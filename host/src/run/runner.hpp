// One run of one sync, from the source to the proof (architecture.md, "Data flow of one run").
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "run/run_context.hpp"

namespace muster {

struct RunResult {
  RunRow run;
  SyncRow sync;
  std::filesystem::path report;
  std::vector<SourceNotice> notices;
  //! Why it did not end well: what the exit code and the message are made of. Absent when the run
  //! came to its end, drops or not.
  std::optional<Error> error;
  //! The destination refused the connection's credentials: it must be connected again.
  bool unauthenticated = false;
  //! Whether the run came to know the cohort; else its figures of members mean nothing.
  bool cohort_was_read = false;
  //! The audience's name as it is at the destination; as wanted, where there is none yet.
  std::string audience_name{};
  //! Taken out of the list because they were nobody of ours; among `removed`.
  std::uint64_t strangers_removed = 0;
  //! Its source is not ready, and the run may not wait: nothing was done, and no history or report
  //! tells of it. With `error`, what it waits for, and `retry_after`.
  bool not_ready = false;
  //! How long the destination or the source asked to wait, when it ended kLater and they said so.
  std::optional<Milliseconds> retry_after{};
};

//! Runs the sync once. What goes wrong ends in RunResult::error and in the history, with what was
//! done before kept; throws Error only when there could be no run: kBusy, or a state that fails.
RunResult run_sync(RunContext& context, const SyncRules& rules, Source& source,
                   const RunOptions& options);

}  // namespace muster
