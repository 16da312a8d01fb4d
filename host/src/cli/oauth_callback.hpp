// Takes the browser's way back from the consent page: http://localhost:PORT/oauth/callback.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancellation.hpp"
#include "base/clock.hpp"

namespace muster::cli {

//! What the destination sent back.
struct Callback {
  std::string code;
  std::string error;        //!< such as access_denied; then there is no code
  std::string description;  //!< for people
};

//! Reads an address such as "http://localhost:8976/oauth/callback?code=…&state=…"; nothing when it
//! carries another state, or neither code nor error.
std::optional<Callback> parse_callback(std::string_view url, std::string_view state);

//! A listener on loopback. One thread.
class CallbackServer {
 public:
  //! `port` 0: any free one. Throws Error when the port is taken.
  CallbackServer(std::uint16_t port, std::string state);
  ~CallbackServer();
  CallbackServer(const CallbackServer&) = delete;
  CallbackServer& operator=(const CallbackServer&) = delete;

  std::uint16_t port() const;
  //! The first callback with the right state; others are answered 400 and ignored. Nothing when
  //! `timeout` passed. Throws Error kInterrupted.
  std::optional<Callback> wait(Milliseconds timeout, const Cancellation& cancellation);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::cli
