// The secrets of one connection, in memory.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "destination/host_services.hpp"

namespace muster::testing {

class MemorySecrets final : public SecretStore {
 public:
  std::optional<std::string> get(std::string_view name) override {
    if (before_get) before_get();
    const auto found = values.find(std::string(name));
    if (found == values.end()) return std::nullopt;
    return found->second;
  }
  void put(std::string_view name, std::string_view value) override {
    if (before_put) before_put();
    if (value.empty()) {
      values.erase(std::string(name));
    } else {
      values[std::string(name)] = value;
    }
  }
  std::map<std::string, std::string> values;
  std::function<void()> before_get;  //!< what other processes did meanwhile
  std::function<void()> before_put;  //!< throws where the state can't be written
};

}  // namespace muster::testing
