// Takes Amplitude's cohort webhooks (amplitude/api.md §2): checks who sends, puts the message where
// it is safe, then answers 200. A thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "cohort/pushed_message.hpp"

namespace muster {

class PushReceiver {
 public:
  //! Fixed headers that every message must carry: the only thing that tells the sender.
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  //!< 0: any free one
    Headers headers;         //!< without any, nothing is taken
    std::size_t largest_body = std::size_t{16} << 20U;
  };
  enum class Taken { kNew, kAgain, kUnknownCohort };
  //! Keeps a message; durable on return. Throws Error when it can't: the sender is told to try
  //! again. Called on the receiver's thread.
  using Keep = std::function<Taken(const PushedMessage& message, std::string_view body)>;

  //! Borrows the clock. Throws Error when the port is taken. What it refuses is logged, now and
  //! then.
  PushReceiver(Options options, const Clock& clock, Keep keep);
  //! Ends after the message in hand. Whoever gets no answer sends again, and is known.
  ~PushReceiver();
  PushReceiver(const PushReceiver&) = delete;
  PushReceiver& operator=(const PushReceiver&) = delete;

  std::uint16_t port() const;
  //! For messages that come from now on.
  void set_headers(Headers headers);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster
