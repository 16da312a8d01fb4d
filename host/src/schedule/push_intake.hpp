// Where what is pushed comes into a workspace: a receiver, and the inbox behind it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "run/pushes.hpp"
#include "run/workspace_config.hpp"
#include "schedule/push_receiver.hpp"
#include "vault/vault.hpp"

namespace muster {

class PushIntake {
 public:
  PushIntake(std::filesystem::path inbox_file, Vault vault, Clock& clock);
  ~PushIntake();

  //! Listens as `config` says from now on, or not at all. Throws Error when it can't: an address, a
  //! reference that leads nowhere, the inbox; it then goes on as before.
  void adopt(const WorkspaceConfig& config);
  //! Where it listens, with the port that it got; nothing while it does not.
  std::optional<std::uint16_t> port() const;

 private:
  PushReceiver::Taken keep(const PushedMessage& message, std::string_view body);

  const std::filesystem::path inbox_file_;
  const Vault vault_;
  Clock& clock_;
  std::mutex mutex_;  //!< of what the receiver's thread uses
  std::unique_ptr<Inbox> inbox_;
  std::map<std::string, std::vector<std::string>> syncs_;  //!< by the cohort that they take
  std::optional<ListenConfig> listening_;
  std::unique_ptr<PushReceiver> receiver_;  //!< last: it uses the others
};

}  // namespace muster
