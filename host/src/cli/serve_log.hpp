// What `muster serve` says: a line of the log for each event, and with --json one JSON object a
// line on standard output for each run, in the form of `muster sync --json`. [concurrent]
#pragma once

#include "cli/shell.hpp"
#include "schedule/serve_observer.hpp"

namespace muster::cli {

class ServeLog final : public ServeObserver {
 public:
  explicit ServeLog(const Shell& shell) : shell_(shell) {}
  void on_serving(const WorkspaceConfig& config) override;
  void on_run_begun(const std::string& sync) override;
  void on_run_ended(const RunResult& result, const std::string& audience_url,
                    std::optional<Instant> next) override;
  void on_source_waits(const std::string& sync, const Error& why, Instant next) override;
  void on_not_run(const std::string& sync, const Error& error,
                  std::optional<Instant> next) override;
  void on_notice(const std::string& sync, const std::string& notice) override;
  void on_held(const std::string& connection, ConnectionState state) override;
  void on_released(const std::string& connection) override;
  void on_trouble(const std::string& connection, const Error& error) override;
  void on_config_taken() override;
  void on_config_refused(const Error& error) override;

 private:
  const Shell& shell_;
};

}  // namespace muster::cli
