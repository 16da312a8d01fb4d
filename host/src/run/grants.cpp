#include "run/grants.hpp"

#include <fmt/format.h>

#include <charconv>

namespace muster {
namespace {

std::string key_of(const std::string& connection) { return "grants/" + connection; }

}  // namespace

std::uint64_t count_grants(Store& store, const std::string& connection) {
  const auto kept = store.value(key_of(connection)).value_or("");
  std::uint64_t number = 0;
  std::from_chars(kept.data(), kept.data() + kept.size(), number);
  return number;
}

void add_grant(Store& store, const std::string& connection) {
  store.put_value(key_of(connection), std::to_string(count_grants(store, connection) + 1));
}

Error connected_again(const std::string& connection) {
  return Error(ErrorKind::kFailed, "leave.connected_again",
               fmt::format("'{}' was connected again while it was being disconnected, and stays so",
                           connection))
      .with_hint("disconnect it once more when that is what you want");
}

}  // namespace muster
