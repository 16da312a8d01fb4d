#include "cohort/source_environment.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace muster {

void Waiting::check() const {
  if (cancellation != nullptr && cancellation->requested()) {
    throw Error(ErrorKind::kInterrupted, "run.interrupted", "interrupted while reading the source")
        .with_hint("run the same command again to go on");
  }
  if (heartbeat) heartbeat();
}

void Waiting::sleep(Clock& clock, Milliseconds duration) const {
  constexpr Milliseconds kSlice{200};
  for (auto left = duration; left > Milliseconds{0}; left -= kSlice) {
    check();
    clock.sleep_for(std::min(left, kSlice));
  }
  check();
}

}  // namespace muster
