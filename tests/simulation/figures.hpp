// A run's figures: in themselves, against its report, and against what the account saw.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "simulation/account_watch.hpp"
#include "simulation/claims.hpp"

namespace muster::simulation {

//! What is wrong with the sums; empty: nothing.
std::string fault_in_sums(const RunResult& result, const People& people,
                          const std::map<std::string, Claim>& claims);

//! What is wrong with the figures of changes, and with the records that the report names.
//! `is_hidden`: faults kept the run from learning of what it did.
std::string fault_in_changes(const RunResult& result, const std::vector<Told>& told,
                             const SeenChanges& seen, const simulator::Account& account,
                             bool is_hidden);

}  // namespace muster::simulation
