// A world of its own for tests of the destination layer: virtual time, a scripted network, secrets
// in memory.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/cancellation.hpp"
#include "destination/host_services.hpp"
#include "destination/plugin_destination.hpp"
#include "simulator/simulated_transport.hpp"

namespace muster::testing {

class MemorySecrets final : public SecretStore {
 public:
  std::optional<std::string> get(std::string_view name) override {
    const auto found = values.find(std::string(name));
    if (found == values.end()) return std::nullopt;
    return found->second;
  }
  void put(std::string_view name, std::string_view value) override {
    if (value.empty()) {
      values.erase(std::string(name));
    } else {
      values[std::string(name)] = value;
    }
  }
  std::map<std::string, std::string> values;
};

struct World {
  VirtualClock clock;
  Cancellation cancellation;
  MemorySecrets secrets;
  simulator::SimulatedTransport::Server server = [](const simulator::SimRequest&) {
    return simulator::SimResponse{};
  };
  simulator::SimulatedTransport transport{
      clock, [this](const simulator::SimRequest& request) { return server(request); }};

  std::unique_ptr<HostServices> services(ConnectionLimits limits = {}) {
    return std::make_unique<HostServices>(HostServices::Environment{
        "test", clock, transport, secrets, cancellation, std::move(limits), nullptr});
  }
};

}  // namespace muster::testing
