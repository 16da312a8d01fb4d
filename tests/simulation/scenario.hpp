// One seed: an account, a cohort's history of several days, what happens to the account meanwhile,
// and the faults; then the promises, checked. One thread, virtual time, no randomness but the
// seed's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::simulation {

//! A deliberate bug; each must be caught (mutation check).
enum class Mutation {
  kNone,
  kNoWriteAhead,        //!< rows are not marked before a batch is handed over
  kAliasNotSuppressed,  //!< a record is removed though another member has it
  kRetryDropped,        //!< what is to be retried is taken for done
  kCreatesUnasked,      //!< contacts are created though it is not allowed
  kWritesProperties,    //!< an existing contact is written to
  kIgnoresTheLimit,     //!< three times the permitted pace
  kIdentifierInState,   //!< an address ends up in the state
  kLeaverForgotten,     //!< a removal is taken for done without being sent
};

struct Outcome {
  std::vector<std::string> violations;  //!< empty: every promise held
  std::string trace;                    //!< a digest of all requests with their times and answers
  std::uint64_t runs = 0;
  std::uint64_t requests = 0;
  std::uint64_t deaths = 0;
  std::uint64_t faults = 0;
};

//! `plugins`: directory with lib/muster of the build.
Outcome run_seed(std::uint64_t seed, Mutation mutation, const std::string& installation,
                 bool verbose);

}  // namespace muster::simulation
