#include "run/stored_secrets.hpp"

#include <algorithm>
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
  known_.insert_or_assign(std::string(name), sealed);
  if (!sealed) return std::nullopt;
  return vault_.unseal(SealPurpose::kSecret, context(name), *sealed);
}

void StoredSecrets::put(std::string_view name, std::string_view value) {
  if (holding_) {
    held_.insert_or_assign(std::string(name), std::string(value));
    return;
  }
  if (value.empty()) {
    known_.insert_or_assign(std::string(name), std::nullopt);
    return store_.forget_secret(connection_, name);
  }
  const auto sealed = vault_.seal(SealPurpose::kSecret, context(name), value);
  known_.insert_or_assign(std::string(name), sealed);
  store_.put_secret(connection_, name, sealed);
}

bool StoredSecrets::replaced_elsewhere() const {
  return std::any_of(known_.begin(), known_.end(), [&](const auto& known) {
    return store_.secret(connection_, known.first) != known.second;
  });
}

void StoredSecrets::hold() { holding_ = true; }

void StoredSecrets::keep() {
  holding_ = false;
  for (const auto& [name, value] : std::exchange(held_, {})) put(name, value);
}

}  // namespace muster
