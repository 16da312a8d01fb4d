// The faults of a seed: every status that means "later" or "no" (hubspot/api.md §7), a network that
// breaks, answers that are slow, cut off, empty, or leave entries out.
#pragma once

#include <optional>

#include "simulation/draw.hpp"
#include "simulator/faults.hpp"

namespace muster::simulation {

//! Nothing: this request is spared.
std::optional<simulator::Fault> draw_fault(Random& random, const Draw& draw,
                                           const simulator::SimRequest& request);

}  // namespace muster::simulation
