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
  //! The destination itself could not be used; else it refused to settle single items.
  bool unavailable = false;
};

//! What one batch leaves for the next pass.
template <class Item>
struct BatchLeft {
  std::vector<Item> items;
  std::optional<Milliseconds> wait;
  std::optional<Error> unavailable;
};

//! Runs `batch` over `count` items, at most `batch_size` at a time, pass after pass. `item(i)`
//! makes the i-th for its batch; only what a batch leaves is held, so that a plan of millions is
//! not copied.
template <class Item, class Make, class Batch>
PassesEnd run_passes(Session& session, RunProgress::Phase phase, std::size_t count, Make&& item,
                     std::size_t batch_size, Batch&& batch) {
  auto& clock = session.context.clock;
  Backoff backoff(session.rules.retry_for, clock.elapsed());
  const auto total = count;
  std::vector<Item> open;  // after the first pass
  const auto at = [&](std::size_t i, bool is_first) {
    return is_first ? item(i) : std::move(open[i]);
  };
  for (bool is_first = true; count > 0; is_first = false) {
    std::vector<Item> next;
    std::optional<Milliseconds> wait;
    std::optional<Error> unavailable;
    session.context.observer.on_progress({phase, total - count, total});
    for (std::size_t begin = 0; begin < count;) {
      session.check_going();
      const auto end = std::min(count, begin + batch_size);
      std::vector<Item> part;
      part.reserve(end - begin);
      for (auto i = begin; i < end; ++i) part.push_back(at(i, is_first));
      session.before_batch = {phase, total - (count - begin) - next.size(), total};
      session.batch_size = end - begin;
      BatchLeft<Item> left = batch(std::move(part));
      if (session.keep_figures) session.keep_figures();
      if (left.items.size() < end - begin) backoff.progress(clock.elapsed());
      std::move(left.items.begin(), left.items.end(), std::back_inserter(next));
      if (left.wait && (!wait || *wait < *left.wait)) wait = left.wait;
      session.context.observer.on_progress({phase, total - (count - end) - next.size(), total});
      begin = end;
      if (left.unavailable) {
        // The whole destination asks for patience: the rest of this pass would meet the same.
        unavailable = std::move(left.unavailable);
        for (; begin < count; ++begin) next.push_back(at(begin, is_first));
      }
    }
    open = std::move(next);
    count = open.size();
    if (count == 0) break;
    const auto pause = backoff.next(clock.elapsed(), wait);
    if (!pause) {
      session.asked_wait = wait;
      if (unavailable) return {std::move(unavailable), true};
      return {Error(ErrorKind::kLater, "destination.unavailable",
                    "the destination did not settle everything; what is left stays to be retried")
                  .with_hint("run the same command again later")};
    }
    session.context.observer.on_progress({RunProgress::Phase::kWaiting, total - count, total});
    session.wait(*pause);
  }
  return {};
}

//! The same over items that are at hand.
template <class Item, class Batch>
PassesEnd run_passes(Session& session, RunProgress::Phase phase, const std::vector<Item>& items,
                     std::size_t batch_size, Batch&& batch) {
  return run_passes<Item>(
      session, phase, items.size(), [&](std::size_t i) { return items[i]; }, batch_size,
      std::forward<Batch>(batch));
}

}  // namespace muster
