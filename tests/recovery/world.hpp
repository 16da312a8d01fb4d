// One sync of one workspace on a simulated HubSpot, in one process and virtual time; a process can
// be made to die at any request. One thread.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/workspace.hpp"
#include "simulator/hubspot.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

inline bool writes_members(const simulator::SimRequest& request) {
  return request.path().find("/memberships/add-and-remove") != std::string::npos;
}

//! An empty source is stopped whatever the guard's setting, unless the removals are wanted.
inline const RunOptions kAllowingRemovals = [] {
  RunOptions options;
  options.allow_removals = true;
  return options;
}();

class RecoveryWorld {
 public:
  static constexpr const char* kList = "amplitude_Power Users";

  //! `more`: further keys of the sync, as YAML flow entries ("verify: false, on_drift: repair").
  explicit RecoveryWorld(const std::string& more = {}) {
    dir.write("token", "pat-na1-simulated");
    hubspot.oauth().add_static_token("pat-na1-simulated", hubspot.oauth().app().scopes);
    hubspot.switches().burst_limit = 0;
    dir.write(
        "muster.yaml",
        fmt::format("version: 1\n"
                    "connections:\n"
                    "  c: {{destination: hubspot, auth: {{token: {{file: token}}}}, settings: "
                    "{{api_base: \"http://127.0.0.1:1\"}}}}\n"
                    "syncs:\n"
                    "  s: {{cohort: Power Users, source: {{csv: cohort.csv}}, connection: c, "
                    "identifier: {{column: email, as: email}}, guard: off{}}}\n",
                    more.empty() ? "" : ", " + more));
  }

  void cohort(const std::vector<std::string>& emails) const {
    std::string csv = "email\n";
    for (const auto& email : emails) csv += email + '\n';
    dir.write("cohort.csv", csv);
  }

  //! One process that runs the sync once.
  RunResult sync(const RunOptions& options = {}) {
    Workspace workspace(
        read_workspace(dir.path()),
        {clock, cancellation,
         [this]() -> std::unique_ptr<Transport> {
           return std::make_unique<simulator::SimulatedTransport>(
               clock, [this](const simulator::SimRequest& request) {
                 if (before) before(request);
                 return hubspot.handle(request);
               });
         },
         MUSTER_TEST_INSTALLATION "/manifests", MUSTER_TEST_INSTALLATION "/plugins"});
    struct Silent final : RunObserver {
      void on_progress(const RunProgress&) override {}
      void on_notice(const std::string&) override {}
    } silent;
    return workspace.sync(workspace.config().sync("s"), options, silent);
  }

  //! One process that is killed as `dies_at` is about to be answered.
  void die_in_a_sync(const std::function<bool(const simulator::SimRequest&)>& dies_at,
                     const RunOptions& options = {}) {
    before = [&](const simulator::SimRequest& request) {
      if (kept.empty() && dies_at(request)) keep_disk();
    };
    sync(options);
    before = {};
    go_back_to_kept_disk();
    kept.clear();
  }

  //! What the files of the state hold now, as a kill at this very moment leaves them.
  void keep_disk() {
    kept.clear();
    for (const auto* name : {"state.db", "state.db-wal"}) {
      kept.emplace_back(name, read_file(dir / ".muster" / name));
    }
  }
  void go_back_to_kept_disk() {
    std::filesystem::remove(dir / ".muster/state.db-shm");
    for (const auto& [name, bytes] : kept) dir.write(".muster/" + name, bytes);
  }

  simulator::List& list() { return *hubspot.account().list_by_name(kList); }
  std::set<std::string> listed() {
    std::set<std::string> emails;
    for (const auto& [id, joined] : list().members) {
      emails.insert(hubspot.account().by_id(id)->email);
    }
    return emails;
  }
  void fault(simulator::Fault fault) { hubspot.faults().add(std::move(fault)); }

  VirtualClock clock;
  Cancellation cancellation;
  TempDir dir;
  simulator::HubSpot hubspot{clock, 1};
  std::function<void(const simulator::SimRequest&)> before;  //!< each request is answered
  std::vector<std::pair<std::string, std::string>> kept;
};

}  // namespace muster::testing
