// A simulator behind a socket on loopback: HTTP/1.1 with keep-alive, one thread, port 0 for any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "simulator/http_message.hpp"

namespace muster::simulator {

class HttpServer {
 public:
  using Server = std::function<SimResponse(const SimRequest&)>;
  HttpServer(std::uint16_t port, Server server);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  std::uint16_t port() const;
  //! Serves on the calling thread until `stop`.
  void run();
  //! [concurrent]
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::simulator
