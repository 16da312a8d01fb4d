// Retry policy, once for all operations: what can't be settled now goes into the next pass, with
// backoff, until there is no progress for the sync's `retry_for`.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "run/backoff.hpp"
#include "run/session.hpp"

namespace muster {

//! How a series of passes ended.
struct PassesEnd {
  //! Why something is left for the next run; nothing when all was settled.
  std::optional<Error> left;
};

//! What one batch leaves for the next pass.
template <class Item>
struct BatchLeft {
  std::vector<Item> items;
  std::optional<Milliseconds> wait;
  std::optional<Error> unavailable;
};

//! Runs `batch` over `items`, at most `batch_size` at a time, pass after pass.
template <class Item, class Batch>
PassesEnd run_passes(Session& session, RunProgress::Phase phase, std::vector<Item> items,
                     std::size_t batch_size, Batch&& batch) {
  auto& clock = session.context.clock;
  Backoff backoff(session.rules.retry_for, clock.elapsed());
  const auto total = items.size();
  while (!items.empty()) {
    std::vector<Item> next;
    std::optional<Milliseconds> wait;
    std::optional<Error> unavailable;
    for (std::size_t begin = 0; begin < items.size(); begin += batch_size) {
      session.check_going();
      const auto end = std::min(items.size(), begin + batch_size);
      const auto from = items.begin();
      std::vector<Item> part(from + static_cast<std::ptrdiff_t>(begin),
                             from + static_cast<std::ptrdiff_t>(end));
      const auto size = part.size();
      BatchLeft<Item> left = batch(std::move(part));
      if (left.items.size() < size) backoff.progress(clock.elapsed());
      std::move(left.items.begin(), left.items.end(), std::back_inserter(next));
      if (left.wait && (!wait || *wait < *left.wait)) wait = left.wait;
      session.context.observer.on_progress(
          {phase, total - (items.size() - end) - next.size(), total});
      if (left.unavailable) {
        // The whole destination asks for patience: the rest of this pass would meet the same.
        unavailable = std::move(left.unavailable);
        next.insert(next.end(), from + static_cast<std::ptrdiff_t>(end), items.end());
        break;
      }
    }
    items = std::move(next);
    if (items.empty()) break;
    const auto pause = backoff.next(clock.elapsed(), wait);
    if (!pause) {
      session.asked_wait = wait;
      if (unavailable) return {std::move(unavailable)};
      return {Error(ErrorKind::kLater, "destination.unavailable",
                    "the destination did not settle everything; what is left stays to be retried")
                  .with_hint("run the same sync again later")};
    }
    session.context.observer.on_progress(
        {RunProgress::Phase::kWaiting, total - items.size(), total});
    session.wait(*pause);
  }
  return {};
}

}  // namespace muster
