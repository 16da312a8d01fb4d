#include "cohort/source_environment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "cohort/source.hpp"

namespace muster {
namespace {

constexpr Milliseconds kUnnoticed{1'000};   // nobody wonders yet
constexpr Milliseconds kLeastRetry{5'000};  // each attempt opens the state and the destination

std::string minutes_text(Milliseconds duration) {
  using std::chrono::minutes;
  if (duration < minutes(2)) {
    return fmt::format("{} s", std::chrono::ceil<std::chrono::seconds>(duration).count());
  }
  return fmt::format("{} min", std::chrono::ceil<minutes>(duration).count());
}

}  // namespace

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

void Waiting::await(Clock& clock, const Error& reason, Milliseconds duration,
                    Milliseconds at_most) const {
  if (attempts != nullptr) {
    if (duration > attempts->left) throw SourceNotReady(reason, std::max(duration, kLeastRetry));
    attempts->left -= duration;
  } else if (tell && duration > kUnnoticed) {
    tell(fmt::format("{}: waiting, {} at most", reason.message(), minutes_text(at_most)));
  }
  sleep(clock, duration);
}

Milliseconds Waiting::began(const Clock& clock) const {
  if (attempts == nullptr) return clock.elapsed();
  if (!attempts->began) attempts->began = clock.elapsed();
  return *attempts->began;
}

}  // namespace muster
