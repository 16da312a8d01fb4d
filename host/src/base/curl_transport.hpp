// Transport over libcurl's multi interface: connection pool, keep-alive, HTTP/2 where the server
// speaks it, TLS 1.2 or newer and always verified. One user at a time.
#pragma once

#include <filesystem>
#include <memory>

#include "base/transport.hpp"

namespace muster {

class CurlTransport final : public Transport {
 public:
  struct Options {
    //! PEM file of the authorities to trust; empty: the system's.
    std::filesystem::path authorities;
    //! A larger body ends the request as kNoAnswer, in bytes.
    std::size_t largest_body = std::size_t{64} << 20U;
    Milliseconds connect_timeout{10'000};
  };
  explicit CurlTransport(Clock& clock) : CurlTransport(clock, Options{}) {}
  CurlTransport(Clock& clock, Options options);
  ~CurlTransport() override;

  void start(HttpRequest request, std::uint64_t tag) override;
  std::optional<HttpResponse> next(Milliseconds deadline) override;
  std::size_t in_flight() const override;
  void cancel_all() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster
