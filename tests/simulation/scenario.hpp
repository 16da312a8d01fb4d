// One seed: an account, a cohort's history of several days, what happens to the account meanwhile,
// the faults and the deaths; the promises are checked on the way, and when all has come to rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/mutation.hpp"

namespace muster::simulation {

struct Outcome {
  std::vector<std::string> violations;  //!< empty: every promise held
  std::string trace;                    //!< the same for the same seed, byte for byte
  std::uint64_t runs = 0;
  std::uint64_t requests = 0;
  std::uint64_t deaths = 0;
  std::uint64_t faults = 0;
};

//! `installation`: the build's lib/muster.
Outcome run_seed(std::uint64_t seed, Mutation mutation, const std::string& installation,
                 bool verbose);

}  // namespace muster::simulation
