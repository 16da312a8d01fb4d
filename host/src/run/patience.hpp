// Asks a destination again that can't answer now: with backoff, or after its own waiting time, for
// as long as the sync's `retry_for` goes by without progress. One thread.
#pragma once

#include <functional>
#include <utility>

#include "destination/destination.hpp"
#include "run/backoff.hpp"

namespace muster {

class Patience {
 public:
  //! `wait` returns after so long, or throws when the user wants the end. `on_trouble` is called
  //! once, when asking a second time did not help.
  Patience(Clock& clock, Milliseconds retry_for, std::function<void(Milliseconds)> wait,
           std::function<void(const Error&)> on_trouble = {})
      : clock_(clock),
        backoff_(retry_for, clock.elapsed()),
        wait_(std::move(wait)),
        on_trouble_(std::move(on_trouble)) {}

  //! Something arrived: there is as much patience as at the beginning.
  void progress() { backoff_.progress(clock_.elapsed()); }

  //! Calls `ask` until it returns. Throws what it throws once that can't pass by waiting.
  template <class Ask>
  auto ask(Ask&& ask) {
    for (int tries = 1;; ++tries) {
      try {
        return ask();
      } catch (const DestinationError& error) {
        if (error.status() != MUSTER_UNAVAILABLE) throw;
        const auto pause = backoff_.next(clock_.elapsed(), error.retry_after());
        if (!pause) throw;
        if (tries == 2 && on_trouble_) std::exchange(on_trouble_, {})(error);
        wait_(*pause);
      }
    }
  }

 private:
  Clock& clock_;
  Backoff backoff_;
  std::function<void(Milliseconds)> wait_;
  std::function<void(const Error&)> on_trouble_;
};

}  // namespace muster
