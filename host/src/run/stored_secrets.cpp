#include "run/stored_secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "run/grants.hpp"

namespace muster {

std::string StoredSecrets::context(std::string_view name) const {
  return connection_ + '/' + std::string(name);
}

bool StoredSecrets::leads_elsewhere() const {
  if (!account_id_) return false;
  const auto row = store_.connection(connection_);
  return row && row->account_id != *account_id_;
}

void StoredSecrets::require_pinned() const {
  if (grants_ && count_grants(store_, connection_) != *grants_) throw connected_again(connection_);
  if (!leads_elsewhere()) return;
  throw Error(ErrorKind::kFailed, "run.connection_changed",
              fmt::format("'{}' was connected to another account while it was in use", connection_))
      .with_hint(
          "whatever was sent went to the former account; run it again to see what is to do now");
}

bool StoredSecrets::is_as_known(std::string_view name) const {
  const auto known = known_.find(name);
  return known == known_.end() || known->second == store_.secret(connection_, name);
}

std::optional<std::string> StoredSecrets::get(std::string_view name) {
  if (const auto held = held_.find(name); held != held_.end()) {
    if (held->second.empty()) return std::nullopt;
    return held->second;
  }
  const auto sealed = store_.secret(connection_, name);
  // After it: whose the value is that was read is known then.
  require_pinned();
  known_.insert_or_assign(std::string(name), sealed);
  if (!sealed) return std::nullopt;
  return vault_.unseal(SealPurpose::kSecret, context(name), *sealed);
}

void StoredSecrets::put(std::string_view name, std::string_view value) {
  if (holding_) {
    held_.insert_or_assign(std::string(name), std::string(value));
    return;
  }
  Store::Transaction transaction(store_);
  require_pinned();
  if (!is_as_known(name)) return;
  store(name, value);
  transaction.commit();
}

void StoredSecrets::store(std::string_view name, std::string_view value) {
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
  for (const auto& [name, value] : std::exchange(held_, {})) store(name, value);
}

}  // namespace muster
