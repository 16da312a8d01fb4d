// One seed's world: the account, the people, the disk, and the processes that come and go on it.
// One thread, virtual time, no randomness but the seed's.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "run/workspace.hpp"
#include "simulation/account_events.hpp"
#include "simulation/account_watch.hpp"
#include "simulation/mortal.hpp"
#include "simulation/mutation.hpp"
#include "simulation/people.hpp"

namespace muster::simulation {

//! Of the state, as it is on the disk.
struct MemberCounts {
  std::uint64_t listed = 0;
  std::uint64_t doubtful = 0;  //!< pending or leaving: of a run before
};

//! How a process ended.
struct ProcessEnd {
  std::optional<RunResult> result;  //!< nothing: it died, or no run could begin
  std::optional<Error> error;       //!< why none could
  bool store_failed = false;
  bool disturbed = false;   //!< others changed the account while it ran
  bool met_faults = false;  //!< or lies of HubSpot that an earlier one had begun
  SeenChanges seen;
};

class World {
 public:
  World(std::uint64_t seed, Mutation mutation, std::string installation, bool verbose);

  //! One process that runs the sync, to its end or its death.
  ProcessEnd live(const RunOptions& options);
  //! As a person does it with `muster connect`. No faults meanwhile.
  void connect();
  //! Faults and deaths from now on, or none.
  void set_faulty(bool faulty) { faulty_ = faulty; }
  MemberCounts members() const;
  bool is_faulty() const { return faulty_; }

  //! A digest of all requests, with their times and answers, and of the figures of all runs.
  std::string trace() const;

  Random random;
  const Mutation mutation;
  const bool verbose;
  VirtualClock clock;
  simulator::HubSpot hubspot;
  const Draw draw;
  testing::TempDir dir;
  People people;
  AccountEvents events;
  AccountWatch watch;
  std::uint64_t runs = 0;
  std::uint64_t requests = 0;
  std::uint64_t deaths = 0;
  std::uint64_t faults = 0;

 private:
  bool is_known(std::uint64_t list) const;
  void choose_death();
  std::string granted(const std::string& url);
  WorkspaceEnvironment environment();
  simulator::SimResponse serve(const simulator::SimRequest& request);
  void settle_ledger(const SeenChanges& seen);
  void note_silent_drops(const simulator::SimRequest& request);
  void note_lies(const simulator::SimRequest& request, const simulator::SimResponse& response);
  void note(const std::string& what) { trace_ += what; }

  std::string installation_;
  std::optional<Cancellation> cancellation_{std::in_place};  //!< of the process that lives
  std::int64_t requests_until_cancelled_ = -1;               //!< -1: nobody ends the run
  Life life_;
  bool faulty_ = false;
  bool disturbed_ = false;
  std::set<simulator::ContactId> silently_kept_;  //!< by an answer to the process that lives
  std::int64_t usual_calls_ = 60;                 //!< of a whole run, as the last one had them
  std::string trace_;
};

}  // namespace muster::simulation
