// How long to wait between passes, and when to give up (cli-and-config.md, `retry_for`). Pure.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace muster {

class Backoff {
 public:
  //! `retry_for`: how long a run goes on without any progress.
  Backoff(Milliseconds retry_for, Milliseconds now) : retry_for_(retry_for), last_progress_(now) {}

  //! Something became final.
  void progress(Milliseconds now) {
    last_progress_ = now;
    step_ = kFirst;
  }
  //! How long to wait before the next pass; nothing when it is time to give up. `asked` is the
  //! destination's own waiting time: honoured, also where it is longer than ours.
  std::optional<Milliseconds> next(Milliseconds now, std::optional<Milliseconds> asked) {
    Milliseconds wait = step_;
    if (asked) wait = *asked;
    step_ = std::min(step_ * 2, kLongest);
    if (now + wait > last_progress_ + retry_for_) return std::nullopt;
    return wait;
  }

 private:
  static constexpr Milliseconds kFirst{500};
  static constexpr Milliseconds kLongest{30'000};
  Milliseconds retry_for_;
  Milliseconds last_progress_;
  Milliseconds step_ = kFirst;
};

}  // namespace muster
