// What a run tells of each member, read from its report: the one outcome that it must have
// (promise 2). Knows nothing of the state.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "run/runner.hpp"
#include "simulation/people.hpp"

namespace muster::simulation {

//! A row of the report.
struct Told {
  std::string operation;
  std::string source_id;
  std::string outcome;
  std::string reason;
  std::string record_id;
  std::string detail;
};

std::vector<Told> rows_of(const RunResult& result);

//! What was told of one member last.
struct Claim {
  enum class Kind { kListed, kDropped, kToRetry } kind = Kind::kListed;
  std::string reason;     //!< of a drop
  bool is_newly = false;  //!< listed by this run
};

//! By source id; of every row of the cohort that is no duplicate. A member that the report does not
//! name is listed, and was before.
std::map<std::string, Claim> claims_of(const std::vector<Told>& told, const People& people);

//! How much may come between two rows of one member.
struct Surprises {
  bool nobody_interfered = false;  //!< no fault, no lag, no hand but the run's
  bool list_made_again = false;    //!< everyone was sent to another list
};

//! Whose rows contradict each other; empty: everyone has one outcome. A reading of the list may
//! amend what an add was answered; what is to be retried has no other row.
std::string fault_in_outcomes(const std::vector<Told>& told, const People& people,
                              const Surprises& surprises);

}  // namespace muster::simulation
