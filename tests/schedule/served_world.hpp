// A workspace with connections to simulated HubSpot accounts and workers that serve it, all in one
// thread and in virtual time: a day of syncs in a second.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schedule/connection_worker.hpp"
#include "simulator/amplitude.hpp"
#include "simulator/hubspot.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

inline constexpr const char* kToken = "pat-na1-simulated";

//! What was told, in the order of its happening.
class Told final : public ServeObserver {
 public:
  struct Run {
    std::string sync;
    RunResult result;
    std::optional<Instant> next;
  };
  explicit Told(const Clock& clock) : clock_(clock) {}
  void on_serving(const WorkspaceConfig&) override {}
  void on_run_begun(const std::string& sync) override { begun.emplace_back(sync, clock_.now()); }
  void on_run_ended(const RunResult& result, const std::string&,
                    std::optional<Instant> next) override {
    runs.push_back({result.run.sync, result, next});
  }
  void on_source_waits(const std::string& sync, const Error& why, Instant) override {
    source_waits.emplace_back(sync, why.code());
  }
  void on_not_run(const std::string& sync, const Error& error, std::optional<Instant>) override {
    not_run.emplace_back(sync, error);
  }
  void on_notice(const std::string&, const std::string& notice) override {
    notices.push_back(notice);
  }
  void on_held(const std::string& connection, ConnectionState) override {
    held.push_back(connection);
  }
  void on_released(const std::string& connection) override { released.push_back(connection); }
  void on_trouble(const std::string&, const Error& error) override { troubles.push_back(error); }
  void on_config_taken() override {}
  void on_config_refused(const Error&) override {}

  std::vector<std::pair<std::string, Instant>> begun;
  std::vector<Run> runs;
  std::vector<std::pair<std::string, Error>> not_run;
  std::vector<std::pair<std::string, std::string>> source_waits;
  std::vector<std::string> notices, held, released;
  std::vector<Error> troubles;

 private:
  const Clock& clock_;
};

class ServedWorld {
 public:
  //! `connections` with `syncs_each` syncs each: c0s0, c0s1 …; `cadence` and `more` for all;
  //! `beside` is what else muster.yaml has.
  ServedWorld(int connections, int syncs_each, const std::string& cadence,
              const std::string& more = {}, const std::string& beside = {})
      : told(clock) {
    std::string yaml = "version: 1\n" + beside + "connections:\n";
    for (int c = 0; c < connections; ++c) {
      yaml += fmt::format(
          "  c{}: {{destination: hubspot, auth: {{token: {{file: token}}}}, settings: {{api_base: "
          "\"http://127.0.0.1:1\"}}}}\n",
          c);
      accounts.push_back(std::make_unique<simulator::HubSpot>(clock, c + 1));
      accounts.back()->oauth().add_static_token(kToken, accounts.back()->oauth().app().scopes);
      accounts.back()->switches().burst_limit = 0;
    }
    yaml += "syncs:\n";
    for (int c = 0; c < connections; ++c) {
      for (int s = 0; s < syncs_each; ++s) {
        yaml += fmt::format(
            "  c{0}s{1}: {{cohort: Cohort {1}, source: {{csv: c{0}s{1}.csv}}, connection: c{0}, "
            "identifier: {{column: email, as: email}}, cadence: {2}{3}}}\n",
            c, s, cadence, more.empty() ? "" : ", " + more);
        write_cohort(fmt::format("c{}s{}", c, s), {"ada@example.com", "bob@example.com"});
      }
    }
    dir.write("token", kToken);
    dir.write("muster.yaml", yaml);
    start();
  }

  void write_cohort(const std::string& sync, const std::vector<std::string>& emails) const {
    std::string csv = "user_id,email\n";
    for (const auto& email : emails) csv += email + ',' + email + '\n';
    dir.write(sync + ".csv", csv);
  }

  //! As a new process would: with what the disk remembers alone.
  void start() {
    workers.clear();
    const auto config = read_workspace(dir.path());
    for (std::size_t c = 0; c < config.connections.size(); ++c) {
      auto& account = *accounts.at(c);
      WorkspaceEnvironment environment{
          clock, cancellation,
          [this, &account]() -> std::unique_ptr<Transport> {
            return std::make_unique<simulator::SimulatedTransport>(
                clock, [this, &account](const simulator::SimRequest& request) {
                  return simulator::Amplitude::answers(request) ? amplitude.handle(request)
                                                                : account.handle(request);
                });
          },
          MUSTER_TEST_INSTALLATION "/manifests", MUSTER_TEST_INSTALLATION "/plugins"};
      workers.push_back({std::make_unique<ConnectionWorker>(config.connections[c].name, config,
                                                            environment, told),
                         clock.now()});
    }
  }

  //! Serves for so long; always the worker whose time comes first.
  void serve(Milliseconds duration) {
    const auto end = clock.now() + duration;
    while (!cancellation.requested()) {
      auto first = std::min_element(workers.begin(), workers.end(),
                                    [](const auto& a, const auto& b) { return a.again < b.again; });
      if (first == workers.end() || first->again >= end) break;
      clock.advance(first->again - clock.now());
      first->again = first->worker->step();
    }
    if (clock.now() < end) clock.advance(end - clock.now());
  }

  std::unique_ptr<Store> store() const {
    return open_sqlite_store(dir.path() / ".muster/state.db", StoreAccess::kReadWrite);
  }
  void set_connection(const std::string& name, ConnectionState state) const {
    auto opened = store();
    auto row = opened->connection(name).value_or(ConnectionRow{});
    row.name = name;
    row.state = state;
    opened->put_connection(row);
  }
  std::size_t begun(const std::string& sync) const {
    return static_cast<std::size_t>(
        std::count_if(told.begun.begin(), told.begun.end(),
                      [&](const auto& begun) { return begun.first == sync; }));
  }
  std::size_t ended(RunStatus status) const {
    return static_cast<std::size_t>(
        std::count_if(told.runs.begin(), told.runs.end(),
                      [&](const auto& run) { return run.result.run.status == status; }));
  }

  struct Worker {
    std::unique_ptr<ConnectionWorker> worker;
    Instant again;
  };
  VirtualClock clock;
  Cancellation cancellation;
  TempDir dir;
  std::vector<std::unique_ptr<simulator::HubSpot>> accounts;
  simulator::Amplitude amplitude{clock};
  Told told;
  std::vector<Worker> workers;
};

}  // namespace muster::testing
