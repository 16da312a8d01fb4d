#include "run/stored_secrets.hpp"

namespace muster {

std::string StoredSecrets::context(std::string_view name) const {
  return connection_ + '/' + std::string(name);
}

std::optional<std::string> StoredSecrets::get(std::string_view name) {
  const auto sealed = store_.secret(connection_, name);
  if (!sealed) return std::nullopt;
  return vault_.unseal(SealPurpose::kSecret, context(name), *sealed);
}

void StoredSecrets::put(std::string_view name, std::string_view value) {
  if (value.empty()) return store_.forget_secret(connection_, name);
  store_.put_secret(connection_, name, vault_.seal(SealPurpose::kSecret, context(name), value));
}

}  // namespace muster
