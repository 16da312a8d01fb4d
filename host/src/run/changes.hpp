// The plan of a run over changes that were pushed: of the people named alone, without the rest of
// the cohort. Part of a run; its thread.
#pragma once

#include <optional>

#include "plan/plan.hpp"
#include "run/session.hpp"

namespace muster {

struct PlannedChanges {
  Plan plan;
  std::optional<Error> stopped;  //!< by the guard
};

//! The session's cohort is who enters. Starts the tally.
PlannedChanges plan_changes(Session& session, const CohortIndex& leaving);

//! After the removals: tells of those who stay, since their record was merged into another one.
//! Whether that is a member's, only the whole cohort tells.
void tell_merged_leavers(const Session& session);

}  // namespace muster
