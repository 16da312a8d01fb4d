// Sealed secrets: the workspace's master key, and what is derived from it. Thread-safe after
// construction; keys are wiped from memory on destruction.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/member_key.hpp"

namespace muster {

//! What a sealed value is for; a value sealed for one purpose does not open for another.
enum class SealPurpose {
  kSecret,      //!< tokens of a connection
  kIdentifier,  //!< the canonical identifier of a pending member
  kCheck,       //!< the value by which a wrong key is recognised
  kInbox,       //!< what was pushed and waits to be applied
};

class Vault {
 public:
  enum class IfMissing { kCreate, kRefuse };
  //! The key from `MUSTER_KEY` (64 hex digits or 44 base64 characters) when set, else from
  //! `directory`/vault.key. Makes the file (0600) only with kCreate: when no state exists that
  //! another key sealed. Throws Error: unreadable, wrong length, file open to others.
  static Vault open(const std::filesystem::path& directory, IfMissing if_missing);
  //! With a key given; for tests.
  static Vault with_key(std::string_view key_bytes);
  Vault(Vault&&) noexcept;
  Vault& operator=(Vault&&) noexcept;
  ~Vault();

  //! Sealed bytes; `context` (such as "connection/name") is authenticated, so that a value moved
  //! to another row does not open there.
  std::string seal(SealPurpose purpose, std::string_view context, std::string_view plain) const;
  //! Throws Error "vault.wrong_key" when it was not sealed with this key for this purpose and
  //! context.
  std::string unseal(SealPurpose purpose, std::string_view context, std::string_view sealed) const;

  MemberHasher hasher() const;

 private:
  struct Keys;
  explicit Vault(std::unique_ptr<Keys> keys);
  std::unique_ptr<Keys> keys_;
};

}  // namespace muster
