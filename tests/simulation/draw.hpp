// What a seed decides of its world once: the sync's rules, the account's ways, how bad the faults.
#pragma once

#include <optional>
#include <string>

#include "simulation/random.hpp"
#include "simulator/switches.hpp"

namespace muster::simulation {

struct Draw {
  bool by_email = true;
  bool create_missing = true;
  bool verify = true;
  bool repair = true;
  bool remove_strangers = false;
  bool oauth = false;       //!< a token that expires, and an app that can be uninstalled
  bool properties = false;  //!< a column is mapped to a property of contacts
  std::string on_list_deleted = "recreate";
  //! The largest share of the listed that may leave; nothing: the guard is off.
  std::optional<int> max_removals;
  bool others = false;  //!< other clients use the account's quota
  int rate_share = 80;  //!< of the account's limit, in percent
  std::string resolve = "auto";
  double faults = 0.05;          //!< share of requests that meet one
  double events_in_runs = 0.01;  //!< chance that HubSpot's people act before a request
  int days = 4;
  int people = 30;
  //! Fewer than HubSpot and the plugin take, so that a cohort of some dozens crosses their bounds.
  std::uint32_t max_batch = 10'000;
  std::int64_t membership_chunk = 10'000;
};

Draw draw_world(Random& random, simulator::Switches& switches);

//! muster.yaml of the sync `s`, for the token or app that the simulator knows.
std::string configuration(const Draw& draw);

}  // namespace muster::simulation
