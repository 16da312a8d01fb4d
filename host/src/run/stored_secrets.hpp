// The secrets of a connection, sealed by the vault and kept in the state. One thread.
//
// While an account is being connected its secrets are only held: whose they are is known later
// than they are, and those of another account must never stand beside the former one's lists.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "destination/host_services.hpp"
#include "state/store.hpp"
#include "vault/vault.hpp"

namespace muster {

class StoredSecrets final : public SecretStore {
 public:
  StoredSecrets(Store& store, const Vault& vault, std::string connection)
      : store_(store), vault_(vault), connection_(std::move(connection)) {}
  std::optional<std::string> get(std::string_view name) override;
  void put(std::string_view name, std::string_view value) override;

  //! From now on what is put is held in memory, and read from there.
  void hold();
  //! Stores what was held; within the caller's transaction. Without it, nothing is changed.
  void keep();
  //! Whether another process stored others in place of those that were read or put here.
  bool replaced_elsewhere() const;

 private:
  std::string context(std::string_view name) const;

  Store& store_;
  const Vault& vault_;
  std::string connection_;
  bool holding_ = false;
  std::map<std::string, std::optional<std::string>, std::less<>> known_;  //!< as they are sealed
  std::map<std::string, std::string, std::less<>> held_;
};

//! For a workspace without a state that is only looked at.
class NoSecrets final : public SecretStore {
 public:
  std::optional<std::string> get(std::string_view) override { return std::nullopt; }
  void put(std::string_view, std::string_view) override {}
};

}  // namespace muster
