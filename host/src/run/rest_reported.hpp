// What a step of a run leaves undone has its rows in the report, whatever ends the step. One
// thread.
#pragma once

#include <fmt/format.h>

#include "run/session.hpp"

namespace muster {

//! Runs `report_rest` with a failure in hand, which stays the one that is told: a full disk by
//! whoever met it first.
template <class ReportRest>
void report_despite_failure(const Session& session, ReportRest&& report_rest) {
  try {
    report_rest();
  } catch (const Error& error) {
    session.context.observer.on_notice(
        fmt::format("the report lacks rows of what was not done: {}", error.message()));
  }
}

//! Runs `step`. When it throws, `report_rest` writes the rows, but where all is done again for
//! another audience; then that goes on.
template <class Step, class ReportRest>
void with_rest_reported(const Session& session, Step&& step, ReportRest&& report_rest) {
  const auto report = [&] { report_despite_failure(session, report_rest); };
  try {
    step();
  } catch (const AudienceGone&) {
    if (!session.may_recreate) report();
    throw;
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_AUDIENCE_GONE || !session.may_recreate) report();
    throw;
  } catch (...) {
    report();
    throw;
  }
}

}  // namespace muster
