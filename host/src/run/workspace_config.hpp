// muster.yaml: the connections and syncs of a workspace (cli-and-config.md, "A workspace").
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret_reference.hpp"
#include "base/strict_yaml.hpp"
#include "cohort/source_config.hpp"
#include "run/listen_config.hpp"
#include "run/run_context.hpp"

namespace muster {

struct ConnectionConfig {
  std::string name;
  std::string destination;
  std::map<std::string, SecretReference> auth;
  std::uint16_t redirect_port = 8976;  //!< 0: any free one
  double rate_share = 0.8;             //!< above 0, at most 1
  std::map<std::string, std::string> settings;
  std::map<std::string, std::string> settings_where;
  std::string where;

  //! Else access is granted by somebody: OAuth.
  bool has_static_token() const { return auth.contains("token"); }
};

struct SyncConfig {
  std::string name;
  std::string cohort;
  SourceConfig source;
  std::string push_cohort;  //!< of Amplitude, whose changes are pushed; empty: none
  std::string connection;
  std::string column;
  std::string kind;  //!< what the column holds: email, contact_id
  std::optional<bool> create_missing;
  std::string cadence = "manual";
  std::string cadence_where;
  bool verify = true;
  PlanOptions::Drift on_drift = PlanOptions::Drift::kReport;
  OnListDeleted on_list_deleted = OnListDeleted::kRecreate;
  Strangers strangers = Strangers::kLeave;
  std::optional<double> max_removals = 0.3;
  Milliseconds retry_for{120'000};
  //! Source columns and the destination's properties that they are written to.
  std::vector<std::pair<std::string, std::string>> properties;
  std::string where;
};

struct WorkspaceConfig {
  std::filesystem::path directory;
  std::vector<std::filesystem::path> plugin_paths;  //!< empty: the installed one
  std::string list_prefix = "amplitude_";
  Milliseconds keep_reports{std::chrono::hours(24 * 90)};
  std::vector<ConnectionConfig> connections;
  std::vector<SyncConfig> syncs;
  std::optional<ListenConfig> listen;

  //! By name; throws Error kUsage that names the nearest.
  const ConnectionConfig& connection(const std::string& name) const;
  const SyncConfig& sync(const std::string& name) const;
};

//! Reads directory/muster.yaml. Throws Error with file:line:column.
WorkspaceConfig read_workspace(const std::filesystem::path& directory);
WorkspaceConfig parse_workspace(std::string_view text, const std::string& file,
                                const std::filesystem::path& directory);

}  // namespace muster
