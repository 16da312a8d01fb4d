// The secrets of a connection, sealed by the vault and kept in the state. One thread.
#pragma once

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

 private:
  std::string context(std::string_view name) const;

  Store& store_;
  const Vault& vault_;
  std::string connection_;
};

}  // namespace muster
