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
  //! `wait` returns after so long, or throws when the user wants the end.
  Patience(Clock& clock, Milliseconds retry_for, std::function<void(Milliseconds)> wait)
      : clock_(clock), backoff_(retry_for, clock.elapsed()), wait_(std::move(wait)) {}

  //! Something arrived: there is as much patience as at the beginning.
  void progress() { backoff_.progress(clock_.elapsed()); }

  //! Calls `ask` until it returns. Throws what it throws once that can't pass by waiting.
  template <class Ask>
  auto ask(Ask&& ask) {
    for (;;) {
      try {
        return ask();
      } catch (const DestinationError& error) {
        if (error.status() != MUSTER_UNAVAILABLE) throw;
        const auto pause = backoff_.next(clock_.elapsed(), error.retry_after());
        if (!pause) throw;
        wait_(*pause);
      }
    }
  }

 private:
  Clock& clock_;
  Backoff backoff_;
  std::function<void(Milliseconds)> wait_;
};

}  // namespace muster
