// What happens while the daemon goes on, told to whoever logs it. [concurrent]: workers call from
// their own threads. No text holds an identifier of a member.
#pragma once

#include <optional>
#include <string>

#include "run/runner.hpp"
#include "run/workspace_config.hpp"

namespace muster {

class ServeObserver {
 public:
  virtual ~ServeObserver() = default;
  //! Everything is in order; the first runs begin.
  virtual void on_serving(const WorkspaceConfig& config) = 0;
  virtual void on_run_begun(const std::string& sync) = 0;
  //! `next`: when the sync runs again; nothing where that depends on a person.
  virtual void on_run_ended(const RunResult& result, const std::string& audience_url,
                            std::optional<Instant> next) = 0;
  //! A run can't begin before its source is ready, which `why` tells; other work goes on. Told once
  //! for what it waits; looked at again at `next`.
  virtual void on_source_waits(const std::string& sync, const Error& why, Instant next) = 0;
  //! There could be no run; it is tried again at `next`.
  virtual void on_not_run(const std::string& sync, const Error& error,
                          std::optional<Instant> next) = 0;
  //! Something a person should know of a run that goes on.
  virtual void on_notice(const std::string& sync, const std::string& notice) = 0;
  //! The syncs of a connection rest until it is connected again; told once.
  virtual void on_held(const std::string& connection, ConnectionState state) = 0;
  virtual void on_released(const std::string& connection) = 0;
  //! A worker can't work at all now, as when the state fails; it tries again.
  virtual void on_trouble(const std::string& connection, const Error& error) = 0;
  //! muster.yaml changed: taken over, or refused with the former one kept.
  virtual void on_config_taken() = 0;
  virtual void on_config_refused(const Error& error) = 0;
};

}  // namespace muster
