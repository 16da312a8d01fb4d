// What a run tells of each member, read from its report: the one outcome that it must have
// (promise 2). Knows nothing of the state.
#pragma once

#include <map>
#include <string>

#include "run/runner.hpp"
#include "simulation/people.hpp"

namespace muster::simulation {

//! What was told of one member last.
struct Claim {
  enum class Kind { kListed, kDropped, kToRetry } kind = Kind::kListed;
  std::string reason;  //!< of a drop
};

//! By source id; of every row of the cohort that is no duplicate. A member that the report does not
//! name is listed, and was before.
std::map<std::string, Claim> claims_of(const RunResult& result, const People& people);

//! What is wrong with the run's figures, in themselves and against the claims; empty: nothing.
std::string fault_in_sums(const RunResult& result, const People& people,
                          const std::map<std::string, Claim>& claims);

}  // namespace muster::simulation
