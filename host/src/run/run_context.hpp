// What one run of a sync works with and by which rules. Plain values and borrowed parts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.hpp"
#include "base/clock.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"
#include "destination/destination.hpp"
#include "plan/healing.hpp"
#include "plan/plan.hpp"
#include "state/store.hpp"
#include "vault/vault.hpp"

namespace muster {

enum class OnListDeleted { kRecreate, kRestore, kStop };
enum class Strangers { kLeave, kRemove };
//! Whether a reading of the audience proves a run: its own, or that of the next whole run.
enum class ReadBack { kOff, kLater, kOn };

//! The rules of one sync, as its configuration gives them.
struct SyncRules {
  std::string sync;
  std::string connection;
  std::string cohort;
  std::string audience_name;  //!< prefix and cohort
  Columns columns;
  std::vector<std::string> property_names;  //!< at the destination, as columns.properties
  std::string kind;                         //!< of identifier
  bool create_missing = true;
  ReadBack read_back = ReadBack::kOn;
  PlanOptions::Drift on_drift = PlanOptions::Drift::kReport;
  OnListDeleted on_list_deleted = OnListDeleted::kRecreate;
  Strangers strangers = Strangers::kLeave;
  std::optional<double> max_removals = 0.3;  //!< 0 to 1; nothing: the guard is off
  Milliseconds retry_for{120'000};
};

inline HealingRules healing_rules(const SyncRules& rules) {
  return {rules.create_missing, rules.on_drift == PlanOptions::Drift::kRepair};
}

//! Changes that were pushed.
struct PushedDelta {
  Source& leaving;  //!< opened after the run's source
};

//! What the person or the schedule asked for this once.
struct RunOptions {
  bool full = false;
  bool allow_removals = false;
  //! A list that was deleted is restored, whatever on_list_deleted says.
  bool restore_list = false;
  bool repair = false;  //!< mends what the read-back finds, and sends nothing else
  StartedBy started_by = StartedBy::kPerson;
  //! What was asked of a source that counts it, for a run that did not come to its end or a look,
  //! is good enough for this run when it was asked for then or later, or within the last hour.
  std::optional<Instant> cohort_since{};
  //! Not to wait in place for a source for longer than moments: the run leaves no trace then, and
  //! is tried again (RunResult::not_ready). nullptr: it waits.
  Attempts* attempts = nullptr;
  //! Over these changes alone, rather than over the whole cohort: the source gives who enters.
  const PushedDelta* delta = nullptr;
};

//! Told while a run goes on, on its thread.
struct RunProgress {
  enum class Phase { kReading, kMatching, kAdding, kUpdating, kRemoving, kReadingBack, kWaiting };
  Phase phase = Phase::kReading;
  std::uint64_t done = 0;
  std::uint64_t total = 0;      //!< 0: not known
  std::uint64_t under_way = 0;  //!< of the batch in hand, besides `done`: an estimate
};

class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_progress(const RunProgress& progress) = 0;
  //! Something that the user should know though the run goes on: a sentence, no identifier.
  virtual void on_notice(const std::string& notice) = 0;
  //! Nothing new, but the run goes on: called at least every second while it waits.
  virtual void on_alive() {}
};

//! Borrowed for the run; one thread.
struct RunContext {
  Clock& clock;
  Store& store;
  const Vault& vault;
  Destination& destination;
  const Cancellation& cancellation;
  RunObserver& observer;
  //! The connection, ready for use; throws Error (kReconnect) when it is not.
  std::function<ConnectionRow()> ready_connection;
  std::filesystem::path temporary_directory;
  std::filesystem::path reports_directory;
  //! Who runs, for the lease: unique among processes.
  std::string owner;
};

}  // namespace muster
