// Keeps a run alive while its source or its destination is waited for. Part of a run; its thread.
#pragma once

#include <algorithm>
#include <functional>

#include "cohort/source.hpp"
#include "destination/destination.hpp"

namespace muster {

//! Beats while the destination or the source is waited for.
class Heartbeat {
 public:
  Heartbeat(Destination& destination, Source& source, const std::function<void()>& beat)
      : destination_(destination), source_(source) {
    destination_.set_heartbeat(beat);
    source_.set_heartbeat(beat);
  }
  ~Heartbeat() {
    destination_.set_heartbeat({});
    source_.set_heartbeat({});
  }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  Destination& destination_;
  Source& source_;
};

//! Waits so long, with a look now and then at whether to go on: `check_going` throws when not.
inline void wait_for(Clock& clock, Milliseconds duration,
                     const std::function<void()>& check_going) {
  constexpr Milliseconds kSlice{200};
  for (auto left = duration; left > Milliseconds{0}; left -= kSlice) {
    check_going();
    clock.sleep_for(std::min(left, kSlice));
  }
}

}  // namespace muster
