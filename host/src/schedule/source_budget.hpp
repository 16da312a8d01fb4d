// Whether the cadences of the syncs fit what their sources allow, told before anything runs.
#pragma once

#include "run/workspace_config.hpp"

namespace muster {

//! Throws Error kUsage, with the arithmetic, when the syncs of an Amplitude project would download
//! more in a month than the project may (amplitude/api.md §1.2). Cadences must be good. Projects
//! whose keys lead nowhere are left out: that is told elsewhere.
void check_source_budgets(const WorkspaceConfig& config);

}  // namespace muster
