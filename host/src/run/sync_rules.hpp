// The rules of a sync, from its configuration and what its destination is.
#pragma once

#include <string>

#include "destination/plugin_registry.hpp"
#include "run/run_context.hpp"
#include "run/workspace_config.hpp"

namespace muster {

//! Throws Error (kUsage) when the destination knows no such identifier, or creates nothing from it.
SyncRules rules_of(const SyncConfig& sync, const Descriptor& destination,
                   const std::string& list_prefix);

}  // namespace muster
