#include "run/sync_rules.hpp"

#include <fmt/format.h>

namespace muster {
namespace {

const Descriptor::Kind& kind_of(const SyncConfig& sync, const Descriptor& destination) {
  std::string kinds;
  for (const auto& known : destination.kinds) {
    if (known.id == sync.kind) return known;
    kinds += (kinds.empty() ? "" : ", ") + known.id;
  }
  throw Error(
      ErrorKind::kUsage, "config.identifier_kind",
      fmt::format("the destination '{}' knows no identifier '{}'", destination.id, sync.kind))
      .at(sync.where)
      .with_hint("it knows: " + kinds);
}

}  // namespace

SyncRules rules_of(const SyncConfig& sync, const Descriptor& destination,
                   const std::string& list_prefix) {
  const auto& kind = kind_of(sync, destination);
  if (sync.create_missing.value_or(false) && !kind.creates) {
    throw Error(ErrorKind::kUsage, "config.create_missing",
                fmt::format("nothing can be created from '{}'", sync.kind))
        .at(sync.where)
        .with_hint("leave out create_missing, or identify members by e-mail");
  }
  if (sync.verify && !destination.reads_back) {
    throw Error(ErrorKind::kUsage, "config.verify",
                fmt::format("the destination '{}' can't read a list back", destination.id))
        .at(sync.where)
        .with_hint("set `verify: false` for this sync: its runs are then not proven");
  }
  SyncRules rules;
  rules.sync = sync.name;
  rules.connection = sync.connection;
  rules.cohort = sync.cohort;
  rules.audience_name = list_prefix + sync.cohort;
  rules.columns.identifier = sync.column;
  for (const auto& [column, property] : sync.properties) {
    rules.columns.properties.push_back(column);
    rules.property_names.push_back(property);
  }
  rules.kind = sync.kind;
  rules.create_missing = sync.create_missing.value_or(kind.creates);
  rules.read_back = sync.verify ? ReadBack::kOn : ReadBack::kOff;
  rules.on_drift = sync.on_drift;
  rules.on_list_deleted = sync.on_list_deleted;
  rules.strangers = sync.strangers;
  rules.max_removals = sync.max_removals;
  rules.retry_for = sync.retry_for;
  return rules;
}

}  // namespace muster
