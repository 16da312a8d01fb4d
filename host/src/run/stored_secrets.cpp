#include "run/stored_secrets.hpp"

#include <utility>

namespace muster {

std::string StoredSecrets::context(std::string_view name) const {
  return connection_ + '/' + std::string(name);
}

std::optional<std::string> StoredSecrets::get(std::string_view name) {
  if (const auto held = held_.find(name); held != held_.end()) {
    if (held->second.empty()) return std::nullopt;
    return held->second;
  }
  const auto sealed = store_.secret(connection_, name);
  if (!sealed) return std::nullopt;
  return vault_.unseal(SealPurpose::kSecret, context(name), *sealed);
}

void StoredSecrets::put(std::string_view name, std::string_view value) {
  if (holding_) {
    held_.insert_or_assign(std::string(name), std::string(value));
    return;
  }
  if (value.empty()) return store_.forget_secret(connection_, name);
  store_.put_secret(connection_, name, vault_.seal(SealPurpose::kSecret, context(name), value));
}

void StoredSecrets::hold() { holding_ = true; }

void StoredSecrets::keep() {
  holding_ = false;
  for (const auto& [name, value] : std::exchange(held_, {})) put(name, value);
}

}  // namespace muster
