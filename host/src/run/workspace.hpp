// A workspace in use: its configuration, plugins, state and vault, and the connections made with
// them. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/transport.hpp"
#include "cohort/source_environment.hpp"
#include "destination/host_services.hpp"
#include "destination/plugin_registry.hpp"
#include "run/explain.hpp"
#include "run/preview.hpp"
#include "run/pushes.hpp"
#include "run/stored_secrets.hpp"
#include "run/verify.hpp"
#include "run/workspace_config.hpp"

namespace muster {

//! What a workspace takes from outside; a test gives others.
struct WorkspaceEnvironment {
  Clock& clock;
  const Cancellation& cancellation;
  std::function<std::unique_ptr<Transport>()> make_transport;
  //! Manifests and libraries of the installation.
  std::filesystem::path installed_manifests;
  std::filesystem::path installed_plugins;
  //! Another store than SQLite's, and something around a destination: for tests of failure.
  std::function<std::unique_ptr<Store>(const std::filesystem::path& file, StoreAccess access)>
      open_store = &open_sqlite_store;
  std::function<std::unique_ptr<Destination>(std::unique_ptr<Destination>)> around_destination = {};
  //! Which of several workers of this process this is (lease.hpp); empty where there is one.
  std::string worker = {};
};

//! A connection's destination, with what it stands on.
class OpenConnection {
 public:
  OpenConnection(OpenConnection&&) noexcept;
  ~OpenConnection();
  Destination& destination() noexcept { return *destination_; }
  //! What the destination stores from now on is forgotten with this object, unless
  //! Workspace::keep_account keeps it.
  void hold_secrets();
  //! As StoredSecrets::pin_grants.
  void pin_grants(std::uint64_t grants);

 private:
  friend class Workspace;
  OpenConnection();
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<SecretStore> secrets_;
  StoredSecrets* stored_secrets_ = nullptr;  //!< secrets_, where there is a state
  std::unique_ptr<Destination> destination_;
};

class Workspace {
 public:
  Workspace(WorkspaceConfig config, WorkspaceEnvironment environment);
  ~Workspace();

  const WorkspaceConfig& config() const noexcept { return config_; }
  //! Goes on with a changed configuration of the same directory; between runs. What was spent of
  //! the destinations' limits stays known.
  void adopt(WorkspaceConfig config);
  //! Loads the plugins at the first call.
  const PluginRegistry& plugins();
  //! Throws Error when a reference leads nowhere, or the plugin refuses the settings. Contacts
  //! nobody. Makes the state when there is none, unless the workspace is only looked at.
  OpenConnection open(const ConnectionConfig& connection);
  //! Changes nothing from now on: the state is opened for reading, and may be missing.
  void look_only();

  Store& store();
  const Vault& vault();
  //! Whether there is a state at all.
  bool has_state() const;

  SyncRules rules(const SyncConfig& sync);
  RunResult sync(const SyncConfig& sync, const RunOptions& options, RunObserver& observer);
  //! Whether changes were pushed for the sync and wait to be applied.
  bool has_pushed(const SyncConfig& sync);
  //! Whether there is a list that changes can be applied to, without a run over the whole cohort.
  bool takes_changes(const SyncConfig& sync);
  //! Applies what was pushed for a sync that takes changes, without reading its source; nothing
  //! when nothing was left to do.
  std::optional<RunResult> apply_pushed(const SyncConfig& sync, RunObserver& observer);
  //! Where pushed changes wait.
  std::filesystem::path inbox_file() const { return state_directory() / "inbox.db"; }
  //! Compares the list with what was last confirmed of it.
  VerifyResult verify(const SyncConfig& sync, RunObserver& observer);
  //! The same, and mends it: a run that sends nothing else.
  VerifyResult repair(const SyncConfig& sync, RunOptions options, RunObserver& observer);
  //! What is known of one person; writes nothing but a renewed token.
  Explanation explain(const SyncConfig& sync, const std::string& asked, RunObserver& observer);
  Preview preview(const SyncConfig& sync, const PreviewOptions& options, RunObserver& observer);
  //! What can be known of the sync's source without contacting anybody. Throws Error.
  void check_source(const SyncConfig& sync);
  //! What is known of the limits of the sync's source, without contacting anybody. Throws Error.
  std::optional<SourceBudget> source_budget(const SyncConfig& sync);
  //! Whether another try to read the sync's source would count against its limits a second time, a
  //! reading since `since` having left nothing that could be read again. Throws Error.
  bool costs_again(const SyncConfig& sync, Instant since);
  //! What a source, or a look at what it could read, takes from outside.
  SourceEnvironment source_environment();

  //! Keeps who a connection that was connected belongs to, together with the secrets that `opened`
  //! holds: both, or neither. Those of another account are forgotten.
  ConnectionRow keep_account(const ConnectionConfig& connection, const Account& account,
                             OpenConnection& opened);
  //! Forgets the secrets of a connection, which is disconnected from now on. Throws Error kFailed,
  //! and does nothing, when it was connected more often than `grants_before` times.
  void forget_access(const ConnectionConfig& connection, std::uint64_t grants_before);
  //! The row of a connection that may be used now: a static token that was not checked yet, or is
  //! another one than before, is checked by its destination. From then on `opened` goes with that
  //! account alone. Throws Error kReconnect for one that is not connected, and what the check
  //! throws.
  ConnectionRow ready(const ConnectionConfig& connection, OpenConnection& opened);
  //! The stored row, or that of a connection that was never connected.
  ConnectionRow connection_row(const ConnectionConfig& connection);
  std::filesystem::path state_directory() const { return config_.directory / ".muster"; }
  std::filesystem::path reports_directory() const { return state_directory() / "reports"; }
  Clock& clock() const noexcept { return environment_.clock; }

 private:
  ConnectionRow put_account(const ConnectionConfig& connection, const Account& account);
  ConnectionRow check_account(const ConnectionConfig& connection, OpenConnection& opened);
  const PluginEntry& required_plugin(const ConnectionConfig& connection);
  //! Looked at before there ever was a run.
  bool is_stateless() const;
  void make_directories();
  void check_vault(Vault& vault);
  std::string fingerprint_of(const SecretReference& token);
  bool token_changed(const ConnectionConfig& connection);
  //! Whether ready() would ask the destination whose token it is.
  bool would_check(const ConnectionConfig& connection);
  //! What a run, or a verification, works with; borrows `opened` and `observer`.
  RunContext run_context(const ConnectionConfig& connection, OpenConnection& opened,
                         RunObserver& observer);
  RunResult run(const SyncConfig& sync, const SyncRules& rules, Source& source,
                const RunOptions& options, RunObserver& observer);
  Inbox& inbox();
  Pushes pushes();
  Subscription subscription(const SyncConfig& sync);
  //! The same for a run, which may read again what was read for another one.
  SourceEnvironment run_environment(const RunOptions& options, RunObserver& observer);
  SourceEnvironment told_environment(RunObserver& observer);
  //! SourceEnvironment::again_since of a run that takes what was asked for since then.
  Instant good_enough(std::optional<Instant> since) const;
  //! The sync's source, with what was pushed since it was last read laid over it.
  std::unique_ptr<Source> cohort_source(const SyncConfig& sync, SourceEnvironment environment);
  //! Makes a state before the first run, where a look costs what must be remembered.
  void keep_costs(const SyncConfig& sync, RunObserver& observer);
  //! What the destination made of a connection's credentials, as far as it was asked.
  enum class Credentials { kUnknown, kAccepted, kRefused };
  void refuse_to_replace(const std::filesystem::path& rows) const;
  void keep_use(const ConnectionConfig& connection, const OpenConnection& opened,
                Credentials credentials);

  WorkspaceConfig config_;
  WorkspaceEnvironment environment_;
  bool looking_ = false;
  std::unique_ptr<PluginRegistry> plugins_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<SourceMemory> source_memory_;
  std::unique_ptr<Inbox> inbox_;
  std::map<std::string, std::shared_ptr<Pacer>> pacers_;
};

}  // namespace muster
