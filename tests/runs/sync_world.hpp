// A workspace with one sync and a simulated HubSpot account, in one thread and in virtual time:
// each run is a new process as far as the state knows.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "run/workspace.hpp"
#include "simulator/amplitude.hpp"
#include "simulator/hubspot.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

class Notices final : public RunObserver {
 public:
  void on_progress(const RunProgress& now) override { progress.push_back(now); }
  void on_notice(const std::string& notice) override { notices.push_back(notice); }
  void on_alive() override { ++beats; }
  std::vector<RunProgress> progress;
  std::vector<std::string> notices;
  std::size_t beats = 0;
};

class SyncWorld {
 public:
  static constexpr const char* kToken = "pat-na1-simulated";
  static constexpr const char* kList = "amplitude_Power Users";

  SyncWorld() : hubspot(clock) {
    hubspot.oauth().add_static_token(kToken, hubspot.oauth().app().scopes);
    hubspot.switches().burst_limit = 0;
    dir.write("token", kToken);
    configure({});
  }

  //! `rules` of the sync, such as "on_drift: repair"; `kind` of identifier.
  void configure(const std::vector<std::string>& rules, const std::string& kind = "email",
                 const std::string& connection = "c") const {
    std::string yaml = fmt::format(
        "version: 1\nconnections:\n  {0}:\n    destination: hubspot\n"
        "    auth: {{token: {{file: token}}}}\n    settings: {{api_base: \"http://127.0.0.1:1\"}}\n"
        "syncs:\n  s:\n    cohort: Power Users\n    source: {{csv: cohort.csv}}\n"
        "    connection: {0}\n    identifier: {{column: who, as: {1}}}\n",
        connection, kind);
    for (const auto& rule : rules) yaml += "    " + rule + "\n";
    dir.write("muster.yaml", yaml);
  }

  void cohort(const std::vector<std::string>& values, const std::string& column = "who") const {
    std::string csv = "user_id," + column + "\n";
    for (std::size_t i = 0; i < values.size(); ++i) csv += fmt::format("u{},{}\n", i, values[i]);
    std::filesystem::last_write_time(dir.write("cohort.csv", csv), file_time(clock.now()));
  }

  //! person0@example.com, person1@example.com …
  static std::vector<std::string> people(std::size_t count) {
    std::vector<std::string> emails;
    for (std::size_t i = 0; i < count; ++i)
      emails.push_back(fmt::format("person{}@example.com", i));
    return emails;
  }

  std::unique_ptr<Workspace> open() {
    WorkspaceEnvironment environment{
        clock, cancellation,
        [this]() -> std::unique_ptr<Transport> {
          return std::make_unique<simulator::SimulatedTransport>(
              clock, [this](const simulator::SimRequest& request) {
                return simulator::Amplitude::answers(request) ? amplitude.handle(request)
                                                              : hubspot.handle(request);
              });
        },
        MUSTER_TEST_INSTALLATION "/manifests", MUSTER_TEST_INSTALLATION "/plugins"};
    environment.open_store = open_store;
    environment.around_destination = around_destination;
    return std::make_unique<Workspace>(read_workspace(dir.path()), std::move(environment));
  }

  RunResult run(const RunOptions& options = {}) {
    const auto workspace = open();
    return workspace->sync(workspace->config().sync("s"), options, told);
  }
  VerifyResult verify() {
    const auto workspace = open();
    return workspace->verify(workspace->config().sync("s"), told);
  }
  VerifyResult repair(const RunOptions& options = {}) {
    const auto workspace = open();
    return workspace->repair(workspace->config().sync("s"), options, told);
  }
  Preview preview(const PreviewOptions& options = {}) {
    const auto workspace = open();
    return workspace->preview(workspace->config().sync("s"), options, told);
  }
  std::unique_ptr<Store> store() const {
    return open_sqlite_store(dir.path() / ".muster/state.db", StoreAccess::kReadWrite);
  }

  simulator::List& list() { return *hubspot.account().list_by_name(kList); }
  simulator::ContactId id_of(const std::string& email) {
    return hubspot.account().by_email(email)->id;
  }
  std::set<simulator::ContactId> listed() {
    std::set<simulator::ContactId> ids;
    for (const auto& [id, joined] : list().members) ids.insert(id);
    return ids;
  }
  //! Requests that change memberships or contacts.
  std::size_t writes() const {
    return hubspot.count("/memberships/", "PUT") + hubspot.count("/batch/create");
  }
  //! An answer that says another thing than what is so: a fault of that kind, of so many entries.
  void lie(const std::string& path, const std::string& method, const std::string& kind,
           int entries = 1, std::int64_t skip = 0) {
    simulator::Fault lying;
    lying.path = path;
    lying.method = method;
    lying.kind = kind;
    lying.status = entries;
    lying.skip = skip;
    hubspot.faults().add(lying);
  }
  void fault(const std::string& path, int status, std::int64_t count, std::int64_t skip = 0) {
    simulator::Fault fault;
    fault.path = path;
    fault.status = status;
    fault.count = count;
    fault.skip = skip;
    hubspot.faults().add(fault);
  }

  VirtualClock clock;
  Cancellation cancellation;
  TempDir dir;
  simulator::HubSpot hubspot;
  simulator::Amplitude amplitude{clock};
  Notices told;
  std::function<std::unique_ptr<Store>(const std::filesystem::path&, StoreAccess)> open_store =
      &open_sqlite_store;
  std::function<std::unique_ptr<Destination>(std::unique_ptr<Destination>)> around_destination;
};

//! How often `part` stands in `text`.
inline std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

inline std::uint64_t dropped(const RunResult& result, const std::string& reason) {
  const auto found = result.run.figures.dropped.find(reason);
  return found == result.run.figures.dropped.end() ? 0 : found->second;
}

}  // namespace muster::testing
