// Whether the cadences of the syncs fit what their sources allow, told before anything runs.
#pragma once

#include <functional>

#include "run/workspace.hpp"
#include "run/workspace_config.hpp"

namespace muster {

//! Throws Error kUsage, with the arithmetic, when the syncs of an Amplitude project would download
//! more in a month than the project may (amplitude/api.md §1.2). Cadences must be good. Projects
//! whose keys lead nowhere are left out: that is told elsewhere.
//! `told_limit`: what Amplitude said last of the downloads a month of a sync's project.
using ToldLimit = std::function<std::optional<std::uint64_t>(const SyncConfig& sync)>;
void check_source_budgets(const WorkspaceConfig& config, const ToldLimit& told_limit = {});
//! The same, by what the state remembers of Amplitude's limits; contacts nobody.
void check_source_budgets(Workspace& workspace);

}  // namespace muster
