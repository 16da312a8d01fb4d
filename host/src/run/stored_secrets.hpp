// The secrets of a connection, sealed by the vault and kept in the state. One thread.
//
// Several processes use a connection at once, and a person may connect it anew meanwhile. What
// another process stored is never replaced by what was made of the former value, and a run never
// goes on with the secrets of another account than the one it began with.
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
  //! Throws Error kFailed, as `put` does, when the connection leads to another account than the one
  //! that was pinned.
  std::optional<std::string> get(std::string_view name) override;
  //! Does nothing when another process stored a value since this one was read or put here.
  void put(std::string_view name, std::string_view value) override;

  //! From now on the secrets must be those of that account; `get` and `put` hold to it. Before any
  //! secret of the account was read.
  void pin(std::string account_id) {
    account_id_ = std::move(account_id);
    known_.clear();
  }
  //! From now on the secrets must be those of before the connection was connected once more: `get`
  //! and `put` throw connected_again() else.
  void pin_grants(std::uint64_t grants) { grants_ = grants; }
  //! Whether the connection leads to another account than the one that was pinned.
  bool leads_elsewhere() const;
  //! From now on what is put is held in memory, and read from there.
  void hold();
  //! Stores what was held, in place of whatever is there; within the caller's transaction. Without
  //! it, nothing is changed.
  void keep();
  //! Whether another process stored others in place of those that were read or put here.
  bool replaced_elsewhere() const;

 private:
  std::string context(std::string_view name) const;
  void require_pinned() const;
  bool is_as_known(std::string_view name) const;
  void store(std::string_view name, std::string_view value);

  Store& store_;
  const Vault& vault_;
  std::string connection_;
  std::optional<std::string> account_id_;
  std::optional<std::uint64_t> grants_;
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
