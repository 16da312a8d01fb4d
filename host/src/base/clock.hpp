// The only source of time in the host, so that tests run a week of schedules in a second.
#pragma once

#include <chrono>

namespace muster {

using Milliseconds = std::chrono::milliseconds;
//! Wall-clock instants, UTC, in milliseconds since 1970-01-01.
using Instant = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

//! Time as the host sees it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  //! Now, as wall-clock time. May jump; use it for what people see and for what is stored.
  virtual Instant now() const = 0;
  //! Time since an arbitrary start, never going back; use it for waiting and measuring.
  virtual Milliseconds elapsed() const = 0;
  //! Returns after `duration` at the earliest. A virtual clock moves on instead of waiting.
  virtual void sleep_for(Milliseconds duration) = 0;
};

//! The machine's clock.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  Milliseconds elapsed() const override;
  void sleep_for(Milliseconds duration) override;
};

//! A clock that moves only when told, or when someone sleeps on it. For tests and simulation.
//! Not synchronised: one thread, or the caller's lock.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Instant start = Instant{Milliseconds{1'790'000'000'000}});
  Instant now() const override { return start_ + elapsed_; }
  Milliseconds elapsed() const override { return elapsed_; }
  void sleep_for(Milliseconds duration) override { advance(duration); }
  //! Moves time on; a negative duration counts as zero.
  void advance(Milliseconds duration);

 private:
  Instant start_;
  Milliseconds elapsed_{0};
};

}  // namespace muster
