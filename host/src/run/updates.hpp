// Writes the mapped properties of members of the audience whose values changed. Part of a run.
#pragma once

#include <vector>

#include "run/passes.hpp"

namespace muster {

//! As send_adds. A value that the destination refuses is reported, and tried again when it changes;
//! the member stays listed.
PassesEnd send_updates(Session& session, const std::vector<PlannedUpdate>& updates);

//! The rows in the report of updates that were not begun.
void report_open_updates(Session& session, const std::vector<PlannedUpdate>& updates);

}  // namespace muster
