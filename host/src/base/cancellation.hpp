// The wish that work come to an end, set by a signal, a command or a test. [concurrent]
#pragma once

#include <atomic>

namespace muster {

class Cancellation {
 public:
  //! Safe in a signal handler.
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free);
  std::atomic<bool> requested_{false};
};

}  // namespace muster
