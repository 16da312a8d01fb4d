#include "run/stored_memory.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace muster {
namespace {

std::string place(std::string_view key) { return fmt::format("source/{}", key); }

//! The transaction begins before the value is read: no other process changes it in between.
std::optional<std::string> change_value(Store& store, std::string_view key,
                                        const SourceMemory::Change& change) {
  Store::Transaction transaction(store);
  auto changed = change(store.value(place(key)));
  if (changed) {
    store.put_value(place(key), *changed);
  } else {
    store.forget_value(place(key));
  }
  transaction.commit();
  return changed;
}

}  // namespace

std::optional<std::string> StoredMemory::get(std::string_view key) {
  return store_ == nullptr ? std::nullopt : store_->value(place(key));
}

void StoredMemory::update(std::string_view key, const Change& change) {
  change_value(*store_, key, change);
}

std::string StoredMemory::name_of(std::string_view secret) {
  std::string name;
  for (const auto byte : hasher_().key("source", secret).bytes) name += fmt::format("{:02x}", byte);
  return name;
}

std::optional<std::string> LookedMemory::get(std::string_view key) {
  if (const auto found = passing_.find(key); found != passing_.end()) return found->second;
  return StoredMemory::get(key);
}

void LookedMemory::update(std::string_view key, const Change& change) {
  try {
    if (!writer_) writer_ = open_();
    if (writer_) {
      passing_[std::string(key)] = change_value(*writer_, key, change);
      return;
    }
  } catch (const Error&) {
    // As a read-only disk: it is counted for this look alone.
  }
  passing_[std::string(key)] = change(get(key));
}

}  // namespace muster
