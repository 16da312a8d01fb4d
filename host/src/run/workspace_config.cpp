#include "run/workspace_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest.hpp"
#include "base/text.hpp"

namespace muster {
namespace {

//! Names of connections and syncs: they stand in commands, files and the state.
std::string read_name(const YamlNode& key, const char* what) {
  const auto& name = key.text();
  const bool plain =
      !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
      });
  if (plain) return name;
  throw key.error("config.name", fmt::format("the name of a {} must be 1 to 64 letters, digits, "
                                             "'-' and '_'",
                                             what));
}

ConnectionConfig read_connection(const YamlNode::Entry& entry,
                                 const std::filesystem::path& directory) {
  const auto& node = entry.value;
  ConnectionConfig connection;
  connection.name = read_name(entry.key, "connection");
  connection.where = entry.key.where();
  const auto name = fmt::format("connection '{}'", connection.name);
  node.expect_keys(name, {"destination", "auth", "redirect_port", "rate_share", "settings"});
  connection.destination = node.at(name, "destination").as_text("destination");
  const auto& auth = node.at(name, "auth");
  auth.expect_map("auth");
  for (const auto& [key, value] : auth.entries()) {
    connection.auth[key.text()] = read_secret_reference(value, key.text(), directory);
  }
  if (const auto* port = node.find("redirect_port")) {
    connection.redirect_port =
        static_cast<std::uint16_t>(port->as_integer("redirect_port", 0, 65'535));
  }
  if (const auto* share = node.find("rate_share")) {
    connection.rate_share = share->as_share("rate_share");
    if (connection.rate_share < 0.01) {
      throw share->error("config.share", "'rate_share' must be at least 1%");
    }
  }
  if (const auto* settings = node.find("settings")) {
    settings->expect_map("settings");
    for (const auto& [key, value] : settings->entries()) {
      connection.settings[key.text()] = value.as_text(key.text());
      connection.settings_where[key.text()] = value.where();
    }
  }
  return connection;
}

void read_guard(const YamlNode& node, SyncConfig& sync) {
  if (node.is_scalar() && node.text() == "off") {
    sync.max_removals.reset();
    return;
  }
  if (!node.is_map()) {
    throw node.error("config.guard", "'guard' must be off or {max_removals: 30%}");
  }
  node.expect_keys("guard", {"max_removals"});
  sync.max_removals = node.at("guard", "max_removals").as_share("max_removals");
}

void read_rules(const YamlNode& node, SyncConfig& sync) {
  if (const auto* value = node.find("create_missing")) {
    sync.create_missing = value->as_bool("create_missing");
  }
  if (const auto* value = node.find("cadence")) {
    sync.cadence = value->as_text("cadence");
    sync.cadence_where = value->where();
  }
  if (const auto* value = node.find("verify")) sync.verify = value->as_bool("verify");
  if (const auto* value = node.find("on_drift")) {
    sync.on_drift = value->as_word("on_drift", {"report", "repair"}) == 0
                        ? PlanOptions::Drift::kReport
                        : PlanOptions::Drift::kRepair;
  }
  if (const auto* value = node.find("on_list_deleted")) {
    constexpr std::array kChoices{OnListDeleted::kRecreate, OnListDeleted::kRestore,
                                  OnListDeleted::kStop};
    sync.on_list_deleted =
        kChoices.at(value->as_word("on_list_deleted", {"recreate", "restore", "stop"}));
  }
  if (const auto* value = node.find("remove_strangers")) {
    sync.strangers = value->as_bool("remove_strangers") ? Strangers::kRemove : Strangers::kLeave;
  }
  if (const auto* value = node.find("guard")) read_guard(*value, sync);
  if (const auto* value = node.find("retry_for")) sync.retry_for = value->as_duration("retry_for");
  if (const auto* value = node.find("properties")) {
    value->expect_map("properties");
    for (const auto& [column, property] : value->entries()) {
      sync.properties.emplace_back(column.text(), property.as_text(column.text()));
    }
  }
}

SyncConfig read_sync(const YamlNode::Entry& entry, const std::filesystem::path& directory) {
  const auto& node = entry.value;
  SyncConfig sync;
  sync.name = read_name(entry.key, "sync");
  sync.where = entry.key.where();
  const auto name = fmt::format("sync '{}'", sync.name);
  node.expect_keys(name, {"cohort", "source", "push", "connection", "identifier", "create_missing",
                          "cadence", "verify", "on_drift", "on_list_deleted", "remove_strangers",
                          "guard", "retry_for", "properties"});
  sync.cohort = node.at(name, "cohort").as_text("cohort");
  sync.source = parse_source(node.at(name, "source"), directory);
  if (const auto* push = node.find("push")) {
    push->expect_keys("push", {"cohort"});
    const auto& cohort = push->at("push", "cohort");
    sync.push_cohort = cohort.as_text("cohort");
    expect_pushes_of(cohort, sync.source);
  }
  sync.connection = node.at(name, "connection").as_text("connection");
  const auto& identifier = node.at(name, "identifier");
  identifier.expect_keys("identifier", {"column", "as"});
  sync.column = identifier.at("identifier", "column").as_text("column");
  sync.kind = identifier.at("identifier", "as").as_text("as");
  read_rules(node, sync);
  if (is_standard_input(sync.source) && sync.cadence != "manual") {
    throw Error(ErrorKind::kUsage, "config.cadence_of_input",
                "the sync reads standard input, which `muster serve` does not have")
        .at(sync.cadence_where)
        .with_hint("take the cadence out and run it by hand, or name a file as its source");
  }
  return sync;
}

//! Two syncs that fill one list would each take the other's members for strangers, and the second
//! could not make it. HubSpot does not tell names apart by their case (hubspot/api.md §5), another
//! destination might: such names are refused for all.
void refuse_shared_list(const std::vector<SyncConfig>& syncs) {
  const auto& last = syncs.back();
  for (const auto& other : syncs) {
    const bool shared = &other != &last && other.connection == last.connection &&
                        equal_but_for_case(other.cohort, last.cohort);
    if (!shared) continue;
    throw Error(
        ErrorKind::kUsage, "config.shared_list",
        fmt::format("the syncs '{}' and '{}' would fill the same list", other.name, last.name))
        .at(last.where)
        .with_hint("give one of them another cohort name");
  }
}

template <class Config>
const Config& named(const std::vector<Config>& all, const std::string& name, const char* what) {
  std::vector<std::string> names;
  for (const auto& config : all) {
    if (config.name == name) return config;
    names.push_back(config.name);
  }
  throw Error(ErrorKind::kUsage, fmt::format("config.unknown_{}", what),
              fmt::format("muster.yaml has no {} '{}'", what, name))
      .with_hint(did_you_mean(name, names));
}

}  // namespace

const ConnectionConfig& WorkspaceConfig::connection(const std::string& name) const {
  return named(connections, name, "connection");
}

const SyncConfig& WorkspaceConfig::sync(const std::string& name) const {
  return named(syncs, name, "sync");
}

WorkspaceConfig parse_workspace(std::string_view text, const std::string& file,
                                const std::filesystem::path& directory) {
  const auto root = parse_yaml(text, file);
  root.expect_keys("muster.yaml",
                   {"version", "plugins", "defaults", "reports", "listen", "connections", "syncs"});
  root.at("muster.yaml", "version").as_integer("version", 1, 1);
  WorkspaceConfig config;
  config.directory = directory;
  if (const auto* plugins = root.find("plugins")) {
    for (const auto& path : plugins->as_list("plugins")) {
      config.plugin_paths.push_back(directory / path.as_text("plugins"));
    }
  }
  if (const auto* defaults = root.find("defaults")) {
    defaults->expect_keys("defaults", {"list_prefix"});
    if (const auto* prefix = defaults->find("list_prefix")) {
      // Empty is allowed: the list is then called as the cohort.
      if (!prefix->is_scalar()) prefix->as_text("list_prefix");
      config.list_prefix = prefix->text();
    }
  }
  if (const auto* reports = root.find("reports")) {
    reports->expect_keys("reports", {"keep"});
    config.keep_reports = reports->at("reports", "keep").as_duration("keep");
  }
  if (const auto* listen = root.find("listen")) config.listen = read_listen(*listen, directory);
  const auto& connections = root.at("muster.yaml", "connections");
  connections.expect_map("connections");
  for (const auto& entry : connections.entries()) {
    config.connections.push_back(read_connection(entry, directory));
  }
  const auto& syncs = root.at("muster.yaml", "syncs");
  syncs.expect_map("syncs");
  for (const auto& entry : syncs.entries()) {
    config.syncs.push_back(read_sync(entry, directory));
    const auto& sync = config.syncs.back();
    if (!sync.push_cohort.empty() && !config.listen) {
      throw entry.value.at("sync", "push")
          .error("config.push_without_listen", "nothing listens for what is pushed")
          .with_hint("add: listen: {port: 8979, headers: {X-Muster-Secret: {env: NAME}}}");
    }
    try {
      config.connection(sync.connection);
    } catch (Error& error) {
      throw Error(error).at(entry.value.at("sync", "connection").where());
    }
    refuse_shared_list(config.syncs);
  }
  return config;
}

WorkspaceConfig read_workspace(const std::filesystem::path& directory) {
  const auto file = directory / "muster.yaml";
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    throw Error(ErrorKind::kUsage, "config.no_workspace", "there is no muster.yaml here")
        .at(file.string())
        .with_hint("choose the workspace with --workspace DIR or MUSTER_WORKSPACE");
  }
  return parse_workspace(read_text_file(file), file.string(), directory);
}

}  // namespace muster
