// The promises that must hold, after every run where they apply, and once the faults have stopped
// and the sync has come to rest. What muster should have done is worked out here without muster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulation/figures.hpp"
#include "simulation/world.hpp"

namespace muster::simulation {

class Promises {
 public:
  explicit Promises(World& world) : world_(world) {}

  //! Before a process lives: what `check_after` compares with.
  void look_before();
  void check_after(const ProcessEnd& end);
  //! Of a run that was not let pass the guard.
  void check_guard(const ProcessEnd& end);
  //! `last` ended the sync's coming to rest.
  void check_at_rest(const RunResult& last);
  void violate(const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  using Ids = std::set<simulator::ContactId>;

  simulator::List* list();
  //! The contacts that an identifier stands for, or stood for before HubSpot's people changed that.
  Ids contacts_of(const std::string& who);
  bool is_listed(const std::string& who, const simulator::List& list);
  bool was_disturbed(const std::string& who);
  bool can_be_found(const std::string& who);
  bool can_be_created(const std::string& who);

  void check_claims_of_proof(const RunResult& result, const std::map<std::string, Claim>& claims);
  void check_outcomes(const ProcessEnd& end);
  void check_member(const std::string& who, const Claim& claim, const simulator::List* list);
  bool can_be_missed(const std::string& who);
  std::string fault_in_drop(const std::string& who, const std::string& reason);
  void check_list(const simulator::List& list);
  void check_values(const CohortRow& row);
  void check_strangers(const simulator::List& list);
  void check_stays(const simulator::List& list);
  void note_members();
  void note_proof(const ProcessEnd& end);
  Ids contacts_of_cohort();
  void check_contacts();
  void check_created(const SeenChanges& seen);
  std::string fault_in_properties(const simulator::Contact& contact);
  void check_state();
  void check_limit(const SeenChanges& seen);

  World& world_;
  std::optional<simulator::List> list_before_;
  MemberCounts members_before_;
  std::vector<std::string> violations_;
};

}  // namespace muster::simulation
