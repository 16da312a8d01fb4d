// How far the batch in hand has come, told while its call goes on: a call for thousands of members
// takes minutes, and tells their outcomes at its end. Worked out from the requests that it has
// made, of those that the destination reckons it takes. Part of a run; its thread.
#pragma once

#include <cstdint>
#include <optional>

#include "destination/destination.hpp"
#include "run/run_context.hpp"

namespace muster {

class BatchProgress {
 public:
  BatchProgress(RunObserver& observer, const Destination& destination)
      : observer_(observer), destination_(destination) {}

  //! `before`: as it was when the batch of `items` began; `calls` that it is reckoned to take.
  void begin(const RunProgress& before, std::uint64_t items, std::uint64_t calls) {
    batch_ = Batch{before, items, calls, destination_.usage().calls};
  }
  void end() { batch_.reset(); }
  //! Tells that the run goes on, and how far it is.
  void beat() {
    if (batch_) tell();
    observer_.on_alive();
  }

 private:
  struct Batch {
    RunProgress before;
    std::uint64_t items;
    std::uint64_t calls;
    std::uint64_t calls_before;
  };

  void tell() {
    const auto made = destination_.usage().calls - batch_->calls_before;
    auto progress = batch_->before;
    progress.under_way =
        static_cast<std::uint64_t>(share(made) * static_cast<double>(batch_->items));
    if (progress.under_way > 0) observer_.on_progress(progress);
  }

  //! The last tenth takes as long as it takes: the reckoning may have been too low.
  double share(std::uint64_t made) const {
    if (batch_->calls == 0 || made == 0) return 0;
    const auto of_all = static_cast<double>(made) / static_cast<double>(batch_->calls);
    return of_all <= 0.9 ? of_all : 1 - 0.09 / of_all;
  }

  RunObserver& observer_;
  const Destination& destination_;
  std::optional<Batch> batch_;
};

}  // namespace muster
