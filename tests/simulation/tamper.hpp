// The deliberate bugs of what a run tells: its figures and its report, made wrong behind it.
#pragma once

#include "run/runner.hpp"
#include "simulation/mutation.hpp"

namespace muster::simulation {

//! Nothing, but for the bugs of this kind.
void tamper(Mutation mutation, RunResult& result);

}  // namespace muster::simulation
