// Whole runs of one sync against a simulated HubSpot, in one process and virtual time: for what
// the host and the plugin decide together. One thread.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "run/workspace.hpp"
#include "simulator/hubspot.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

class RunWorld {
 public:
  //! Further keys, as YAML flow entries: of the sync ("verify: false") and of the settings.
  explicit RunWorld(std::string keys = {}, std::string settings = {})
      : sync_keys(std::move(keys)), settings_(std::move(settings)) {
    dir.write("token", "pat-na1-simulated");
    hubspot.oauth().add_static_token("pat-na1-simulated", hubspot.oauth().app().scopes);
    hubspot.switches().burst_limit = 0;
  }

  //! Rows under the header `columns`.
  void cohort(const std::vector<std::string>& rows, const std::string& columns = "email") {
    auto csv = columns + '\n';
    for (const auto& row : rows) csv += row + '\n';
    dir.write("cohort.csv", csv);
  }

  //! What another process has open.
  std::unique_ptr<Workspace> workspace() {
    configure();
    return std::make_unique<Workspace>(read_workspace(dir.path()), environment());
  }

  //! One process that runs the sync once.
  RunResult sync(const RunOptions& options = {}) {
    configure();
    Workspace workspace(read_workspace(dir.path()), environment());
    Heard heard{notices};
    hubspot.log().clear();
    return workspace.sync(workspace.config().sync("s"), options, heard);
  }
  Preview preview(const PreviewOptions& options = {}) {
    configure();
    Workspace workspace(read_workspace(dir.path()), environment());
    Heard heard{notices};
    return workspace.preview(workspace.config().sync("s"), options, heard);
  }

  simulator::List* list(const std::string& name = "amplitude_Power Users") {
    return hubspot.account().list_by_name(name);
  }
  std::size_t members() {
    const auto* found = list("amplitude_" + cohort_name);
    return found == nullptr ? 0 : found->members.size();
  }

  VirtualClock clock;
  Cancellation cancellation;
  TempDir dir;
  simulator::HubSpot hubspot{clock};
  std::string sync_keys;
  std::string cohort_name = "Power Users";
  std::string auth = "{token: {file: token}}";
  std::string identifier = "{column: email, as: email}";
  double rate_share = 1.0;
  Milliseconds latency{20};
  std::vector<std::string> notices;
  std::function<void(const simulator::SimRequest&)> before_request;
  std::function<void(const simulator::SimRequest&, simulator::SimResponse&)> after_response;

 private:
  struct Heard final : RunObserver {
    explicit Heard(std::vector<std::string>& to) : notices(to) {}
    void on_progress(const RunProgress&) override {}
    void on_notice(const std::string& notice) override { notices.push_back(notice); }
    std::vector<std::string>& notices;
  };

  void configure() const {
    const auto text = boost::json::serialize(boost::json::string(cohort_name));
    dir.write("muster.yaml",
              fmt::format("version: 1\n"
                          "connections:\n"
                          "  c: {{destination: hubspot, auth: {}, "
                          "rate_share: {}%, settings: {{api_base: \"http://127.0.0.1:1\"{}}}}}\n"
                          "syncs:\n"
                          "  s: {{cohort: {}, source: {{csv: cohort.csv}}, connection: c, "
                          "identifier: {}, guard: off{}}}\n",
                          auth, static_cast<int>(rate_share * 100), comma(settings_), text,
                          identifier, comma(sync_keys)));
  }
  static std::string comma(const std::string& keys) { return keys.empty() ? "" : ", " + keys; }

  WorkspaceEnvironment environment() {
    return {clock, cancellation,
            [this]() -> std::unique_ptr<Transport> {
              return std::make_unique<simulator::SimulatedTransport>(
                  clock,
                  [this](const simulator::SimRequest& request) {
                    if (before_request) before_request(request);
                    auto response = hubspot.handle(request);
                    if (after_response) after_response(request, response);
                    return response;
                  },
                  latency);
            },
            MUSTER_TEST_INSTALLATION "/manifests", MUSTER_TEST_INSTALLATION "/plugins"};
  }

  std::string settings_;
};

}  // namespace muster::testing
