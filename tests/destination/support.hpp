// A world of its own for tests of the destination layer: virtual time, a scripted network, secrets
// in memory.
#pragma once

#include <functional>
#include <memory>

#include "base/cancellation.hpp"
#include "destination/host_services.hpp"
#include "destination/plugin_destination.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/memory_secrets.hpp"

namespace muster::testing {

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
    return std::make_unique<HostServices>(
        HostServices::Environment{"test", clock, transport, secrets, cancellation,
                                  std::move(limits), nullptr, "muster.yaml:3:3"});
  }
};

}  // namespace muster::testing
