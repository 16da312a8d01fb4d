#include "run/stored_memory.hpp"

#include <fmt/format.h>

namespace muster {
namespace {

std::string place(std::string_view key) { return fmt::format("source/{}", key); }

}  // namespace

std::optional<std::string> StoredMemory::get(std::string_view key) {
  if (const auto found = passing_.find(key); found != passing_.end()) return found->second;
  return store_ == nullptr ? std::nullopt : store_->value(place(key));
}

void StoredMemory::update(std::string_view key, const Change& change) {
  if (access_ == Access::kLookOnly || store_ == nullptr) {
    passing_[std::string(key)] = change(get(key));
    return;
  }
  // The transaction begins before the value is read: no other process changes it in between.
  Store::Transaction transaction(*store_);
  if (const auto changed = change(store_->value(place(key)))) {
    store_->put_value(place(key), *changed);
  } else {
    store_->forget_value(place(key));
  }
  transaction.commit();
}

std::string StoredMemory::name_of(std::string_view secret) {
  std::string name;
  for (const auto byte : hasher_().key("source", secret).bytes) name += fmt::format("{:02x}", byte);
  return name;
}

}  // namespace muster
