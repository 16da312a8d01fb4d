// Runs the syncs of one connection at their cadences, one after another: they share the account's
// limits. It keeps no record of its own: the history of runs tells a new one where to go on.
// One thread, which need not be its own: `step` never waits for an instant to come.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/workspace.hpp"
#include "schedule/serve_observer.hpp"
#include "schedule/turn.hpp"

namespace muster {

class ConnectionWorker {
 public:
  //! `connection` is one of `config`, whose cadences must be good (check_cadences).
  ConnectionWorker(std::string connection, WorkspaceConfig config, WorkspaceEnvironment environment,
                   ServeObserver& observer);

  const std::string& connection() const noexcept { return connection_; }
  //! Takes a changed configuration over, which still has the connection.
  void adopt(WorkspaceConfig config);
  //! Runs the sync that is due, or else applies what was pushed; tells when to be called again,
  //! `now` meaning at once. Throws nothing that the world can do: the observer is told.
  Instant step();

 private:
  struct Entry {
    Cadence cadence;
    Turn turn{};
    RunId last_run{};  //!< as the history had it last; 0: none
    Instant push_not_before{};
    RunId push_rests_after{};         //!< the whole run that was the last when pushes began to rest
    std::uint32_t push_failures = 0;  //!< in a row
    Attempts attempts{};              //!< of a run whose source was not ready
    std::set<std::string> source_waits{};  //!< codes of what was told that it waits for
    bool told_to_wait = false;  //!< that pushed changes wait for a run over the whole cohort
  };
  struct Due {
    std::string sync;
    Instant at;
  };

  Instant work();
  void read_agenda();
  bool is_held();
  std::optional<Due> first_due() const;
  bool changed_by_others(const std::string& sync, Entry& entry);
  std::vector<RunRow> whole_runs(const std::string& sync, std::size_t limit);
  RunId last_whole_run(const std::string& sync);
  void rest_pushes(const std::string& sync, Entry& entry, Milliseconds pause);
  bool pushes_rest(const std::string& sync, const Entry& entry);
  std::optional<Instant> apply_pushed();
  void apply_pushed(const SyncConfig& sync, Entry& entry);
  void read_history(const std::string& sync, Entry& entry);
  void run(const std::string& sync, Entry& entry, Instant due);
  void take_slot(Entry& entry, Instant due) const;
  void settle(const std::string& sync, Entry& entry, const RunResult& result);
  void try_later(const std::string& sync, Entry& entry, const RunResult& result);
  void weigh_another_try(const std::string& sync, Entry& entry);
  void could_not_run(const std::string& sync, Entry& entry, const Error& error);
  std::optional<Instant> next(const Entry& entry) const;
  Instant now() const { return workspace_.clock().now(); }

  std::string connection_;
  Workspace workspace_;
  ServeObserver& observer_;
  std::map<std::string, Entry> agenda_;
  bool agenda_is_read_ = false;
  bool held_ = false;
};

//! Throws Error, with its place, for a cadence that can't be read.
void check_cadences(const WorkspaceConfig& config);

}  // namespace muster
