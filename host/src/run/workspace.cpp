#include "run/workspace.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "destination/http_service.hpp"
#include "destination/pacing.hpp"
#include "destination/plugin_destination.hpp"
#include "run/cut_off_state.hpp"
#include "run/lease.hpp"
#include "run/not_connected.hpp"
#include "run/report.hpp"
#include "run/retention.hpp"
#include "run/stored_secrets.hpp"
#include "run/sync_rules.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVaultCheck = "vault.check";
//! For a workspace without a state: what is sealed with it lives as long as the process.
Vault passing_vault() {
  MemberHasher::Secret bytes{};
  bytes[0] = 1;
  return Vault::with_key({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

//! What no request may reach is refused where it is written, before there is any.
void refuse_addresses(const Manifest& manifest, const ConnectionConfig& connection,
                      const std::map<std::string, std::string>& settings,
                      const ConnectionLimits& limits) {
  for (const auto& key : manifest.addresses) {
    const auto setting = settings.find(key);
    std::string reason;
    if (setting == settings.end() || is_allowed(setting->second, limits, reason)) continue;
    const auto written = connection.settings_where.find(key);
    throw Error(ErrorKind::kUsage, "config.address",
                fmt::format("the setting '{}' leads nowhere: {}", key, reason))
        .at(written == connection.settings_where.end() ? manifest.file.string() : written->second)
        .with_hint(fmt::format("use https and a host that {} names under hosts, or plain http on "
                               "loopback",
                               manifest.file.string()));
  }
}

void make_private_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return;
  throw Error(ErrorKind::kFailed, "state.directory",
              fmt::format("can't make the directory: {}", std::generic_category().message(errno)))
      .at(directory.string())
      .with_hint("check that you may write to the workspace, and that the disk is not full");
}

}  // namespace

OpenConnection::OpenConnection() = default;
OpenConnection::OpenConnection(OpenConnection&&) noexcept = default;
OpenConnection::~OpenConnection() = default;
void OpenConnection::hold_secrets() {
  if (stored_secrets_ != nullptr) stored_secrets_->hold();
}

void OpenConnection::pin_grants(std::uint64_t grants) {
  if (stored_secrets_ != nullptr) stored_secrets_->pin_grants(grants);
}

Workspace::Workspace(WorkspaceConfig config, WorkspaceEnvironment environment)
    : config_(std::move(config)), environment_(std::move(environment)) {}

Workspace::~Workspace() = default;

void Workspace::adopt(WorkspaceConfig config) {
  for (const auto& connection : config.connections) {
    const auto pacer = pacers_.find(connection.name);
    if (pacer != pacers_.end()) pacer->second->set_share(connection.rate_share);
  }
  if (config.plugin_paths != config_.plugin_paths) plugins_.reset();
  config_ = std::move(config);
}

const PluginRegistry& Workspace::plugins() {
  if (!plugins_) {
    auto paths = config_.plugin_paths;
    if (paths.empty()) paths.push_back(environment_.installed_manifests);
    plugins_ = std::make_unique<PluginRegistry>(
        PluginSearch::with_environment(std::move(paths), environment_.installed_plugins));
  }
  return *plugins_;
}

void Workspace::look_only() { looking_ = true; }

bool Workspace::has_state() const {
  std::error_code failed;
  return fs::exists(state_directory() / "state.db", failed);
}

bool Workspace::is_stateless() const { return looking_ && !has_state(); }

void Workspace::make_directories() {
  make_private_directory(state_directory());
  make_private_directory(reports_directory());
}

Store& Workspace::store() {
  if (store_) return *store_;
  refuse_cut_off_state(state_directory());
  if (!looking_) make_directories();
  store_ = environment_.open_store(state_directory() / "state.db",
                                   looking_ ? StoreAccess::kReadOnly : StoreAccess::kReadWrite);
  return *store_;
}

const Vault& Workspace::vault() {
  if (vault_) return *vault_;
  const bool sealed_before =
      !is_stateless() && (store().value(kVaultCheck).has_value() || store().holds_secrets());
  if (is_stateless() || (looking_ && !sealed_before)) {
    vault_ = std::make_unique<Vault>(passing_vault());
    return *vault_;
  }
  auto opened = std::make_unique<Vault>(Vault::open(
      state_directory(), sealed_before ? Vault::IfMissing::kRefuse : Vault::IfMissing::kCreate));
  check_vault(*opened);
  vault_ = std::move(opened);
  return *vault_;
}

//! A wrong key is told before anything is sealed with it, or hashed to other members.
void Workspace::check_vault(Vault& vault) {
  if (const auto check = store().value(kVaultCheck)) {
    try {
      vault.unseal(SealPurpose::kCheck, kVaultCheck, *check);
    } catch (Error& error) {
      error.at((state_directory() / "state.db").string());
      throw;
    }
  } else if (!looking_) {
    store().put_value(kVaultCheck, vault.seal(SealPurpose::kCheck, kVaultCheck, "muster"));
  }
}

const PluginEntry& Workspace::required_plugin(const ConnectionConfig& connection) {
  try {
    return plugins().require(connection.destination);
  } catch (Error& error) {
    // A plugin that can't be loaded is told with its manifest; one that is not there, where it is
    // asked for.
    if (error.where().empty()) error.at(connection.where);
    throw;
  }
}

OpenConnection Workspace::open(const ConnectionConfig& connection) {
  const auto& entry = required_plugin(connection);
  std::map<std::string, std::string> settings = entry.manifest->settings;
  for (const auto& [key, value] : connection.settings) settings[key] = value;
  ConnectionLimits limits;
  limits.hosts = entry.manifest->hosts;
  limits.rate_share = connection.rate_share;
  for (const auto& [key, value] : settings) {
    if (value.starts_with("http://")) limits.loopback_bases.push_back(value);
  }
  refuse_addresses(*entry.manifest, connection, settings, limits);
  for (const auto& [key, reference] : connection.auth) {
    settings["auth." + key] = reference.resolve();
  }
  auto& pacer = pacers_[connection.name];
  if (!pacer) pacer = std::make_shared<Pacer>(connection.rate_share);

  OpenConnection opened;
  opened.transport_ = environment_.make_transport();
  if (is_stateless()) {
    opened.secrets_ = std::make_unique<NoSecrets>();
  } else {
    auto secrets = std::make_unique<StoredSecrets>(store(), vault(), connection.name);
    opened.stored_secrets_ = secrets.get();
    opened.secrets_ = std::move(secrets);
  }
  auto services = std::make_unique<HostServices>(HostServices::Environment{
      connection.name, environment_.clock, *opened.transport_, *opened.secrets_,
      environment_.cancellation, std::move(limits), pacer, connection.where});
  opened.destination_ =
      std::make_unique<PluginDestination>(entry.plugin, std::move(services), settings);
  if (environment_.around_destination) {
    opened.destination_ = environment_.around_destination(std::move(opened.destination_));
  }
  return opened;
}

SyncRules Workspace::rules(const SyncConfig& sync) {
  const auto& plugin = *required_plugin(config_.connection(sync.connection)).plugin;
  return rules_of(sync, plugin.descriptor, config_.list_prefix);
}

RunContext Workspace::run_context(const ConnectionConfig& connection, OpenConnection& opened,
                                  RunObserver& observer) {
  return {environment_.clock,
          store(),
          vault(),
          opened.destination(),
          environment_.cancellation,
          observer,
          [this, &connection, &opened] { return ready(connection, opened); },
          state_directory(),
          reports_directory(),
          this_process_as_owner(environment_.worker)};
}

RunResult Workspace::run(const SyncConfig& sync, const SyncRules& rules, Source& source,
                         const RunOptions& options, RunObserver& observer) {
  const auto& connection = config_.connection(sync.connection);
  auto opened = open(connection);
  auto context = run_context(connection, opened, observer);
  auto result = run_sync(context, rules, source, options);
  const bool accepted = !result.error && opened.destination().usage().calls > 0;
  keep_use(connection, opened,
           result.unauthenticated ? Credentials::kRefused
           : accepted             ? Credentials::kAccepted
                                  : Credentials::kUnknown);
  forget_old_reports(store(), reports_directory(), config_.keep_reports, environment_.clock.now());
  forget_old_changes(store(), environment_.clock.now());
  return result;
}

VerifyResult Workspace::verify(const SyncConfig& sync, RunObserver& observer) {
  const auto sync_rules = rules(sync);
  const auto& connection = config_.connection(sync.connection);
  auto opened = open(connection);
  const auto source = cohort_source(sync, told_environment(observer));
  auto context = run_context(connection, opened, observer);
  try {
    auto result = verify_sync(context, sync_rules, *source);
    keep_use(connection, opened, Credentials::kAccepted);
    return result;
  } catch (const DestinationError& error) {
    const bool refused = error.status() == MUSTER_UNAUTHENTICATED;
    keep_use(connection, opened, refused ? Credentials::kRefused : Credentials::kUnknown);
    throw;
  }
}

VerifyResult Workspace::repair(const SyncConfig& sync, RunOptions options, RunObserver& observer) {
  auto sync_rules = rules(sync);
  sync_rules.on_drift = PlanOptions::Drift::kRepair;
  sync_rules.read_back = ReadBack::kOn;
  options.repair = true;
  const auto source = cohort_source(sync, run_environment(options, observer));
  auto result = repaired(run(sync, sync_rules, *source, options, observer));
  result.unsettled = count_unsettled(store(), result.sync.id);
  return result;
}

Explanation Workspace::explain(const SyncConfig& sync, const std::string& asked,
                               RunObserver& observer) {
  if (asked.find_first_not_of(" \t") == std::string::npos) {
    throw Error(ErrorKind::kUsage, "explain.nobody", "nobody was named")
        .with_hint("name a source id, an identifier or a record id");
  }
  if (!has_state()) {
    look_only();
    keep_costs(sync, observer);
    looking_ = !has_state();
  }
  const auto sync_rules = rules(sync);
  const auto& connection = config_.connection(sync.connection);
  auto opened = open(connection);
  const auto source = cohort_source(sync, told_environment(observer));
  const auto ready_connection = [&] {
    if (!is_stateless()) return ready(connection, opened);
    if (!connection.has_static_token())
      throw not_connected(connection.name, ConnectionState::kNever);
    return connection_row(connection);
  };
  return muster::explain(
      {is_stateless() ? nullptr : &store(), vault().hasher(), opened.destination(),
       environment_.clock, environment_.cancellation, observer, ready_connection},
      sync_rules, *source, asked);
}

//! A slip of the tongue must not cost the cohort, the state or its key.
void Workspace::refuse_to_replace(const fs::path& rows) const {
  if (rows.empty()) return;
  if (rows == "-") {
    throw Error(ErrorKind::kUsage, "plan.rows_file", "'-' is no file for the rows of a plan")
        .at("--rows")
        .with_hint(
            "standard output has the plan itself: name a file (./- if it is to be called so)");
  }
  // What leads nowhere, or in a circle, can't be opened either.
  std::error_code unknown;
  const auto file = fs::weakly_canonical(rows, unknown);
  const auto state = fs::weakly_canonical(state_directory(), unknown);
  if (unknown) return;
  const auto is_of_state =
      std::mismatch(state.begin(), state.end(), file.begin(), file.end()).first == state.end();
  if (!is_of_state && may_be_replaced(file)) return;
  throw Error(ErrorKind::kUsage, "plan.rows_file",
              is_of_state ? "the rows of a plan can't be written among the state's files"
                          : "the file is there, and holds something else than rows of a plan")
      .at(rows.string())
      .with_hint("name another file for --rows; nothing was written");
}

Preview Workspace::preview(const SyncConfig& sync, const PreviewOptions& options,
                           RunObserver& observer) {
  refuse_to_replace(options.rows);
  keep_costs(sync, observer);
  const auto sync_rules = rules(sync);
  const auto& connection = config_.connection(sync.connection);
  auto opened = open(connection);
  if (options.look_up && connection_row(connection).state != ConnectionState::kConnected &&
      !connection.has_static_token()) {
    throw not_connected(connection.name, connection_row(connection).state);
  }
  const auto source = cohort_source(sync, told_environment(observer));
  const bool was_connected = connection_row(connection).state == ConnectionState::kConnected;
  const PreviewContext context{environment_.clock,
                               is_stateless() ? nullptr : &store(),
                               vault().hasher(),
                               opened.destination(),
                               environment_.cancellation,
                               observer,
                               is_stateless() ? fs::temp_directory_path() : state_directory(),
                               connection.rate_share,
                               was_connected && token_changed(connection),
                               [&] { return ready(connection, opened); },
                               [&] { return would_check(connection); }};
  return preview_sync(context, sync_rules, *source, options);
}

}  // namespace muster
