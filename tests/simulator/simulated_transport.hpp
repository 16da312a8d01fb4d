// Transport straight into a simulator, in virtual time: no socket, no thread, every run the same.
#pragma once

#include <deque>
#include <functional>

#include "base/transport.hpp"
#include "simulator/http_message.hpp"

namespace muster::simulator {

class SimulatedTransport final : public Transport {
 public:
  using Server = std::function<SimResponse(const SimRequest&)>;
  //! Each answer takes `latency` of the clock.
  SimulatedTransport(Clock& clock, Server server, Milliseconds latency = Milliseconds{20});

  void start(HttpRequest request, std::uint64_t tag) override;
  std::optional<HttpResponse> next(Milliseconds deadline) override;
  std::size_t in_flight() const override { return coming_.size(); }
  void cancel_all() override;

 private:
  struct Coming {
    Milliseconds at;
    HttpResponse response;
    std::string part;  //!< for on_body
    std::function<void(std::string_view)> on_body;
  };
  Clock& clock_;
  Server server_;
  Milliseconds latency_;
  std::deque<Coming> coming_;  //!< in the order of their arrival
};

}  // namespace muster::simulator
