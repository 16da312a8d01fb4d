#include "base/clock.hpp"

#include <algorithm>
#include <thread>

namespace muster {

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

Milliseconds SystemClock::elapsed() const {
  return std::chrono::duration_cast<Milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

void SystemClock::sleep_for(Milliseconds duration) { std::this_thread::sleep_for(duration); }

VirtualClock::VirtualClock(Instant start) : start_(start) {}

void VirtualClock::advance(Milliseconds duration) {
  elapsed_ += std::max(duration, Milliseconds{0});
}

}  // namespace muster
