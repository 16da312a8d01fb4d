// At most so many requests in any window of time, per bucket. [concurrent]
//
// The destination counts arrivals, we know only that an arrival lies between start and answer. So a
// request holds its place for one window after its answer, as if it had arrived at the last moment;
// but not for longer than a window and kLargestDelay after its start. Answers that take longer than
// that are slow because the destination is, and its requests arrive as late or as early as others:
// what counts is by how much the way there differs, and kLargestDelay is generous for that. So the
// pace costs no more than 2.5 % of a window of ten seconds, however slow the answers are.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace muster {

class Pacer {
 public:
  //! By how much the way to the destination may differ between two requests.
  static constexpr Milliseconds kLargestDelay{250};

  //! `share` of every limit is used; above 0, at most 1.
  explicit Pacer(double share) : share_(share) {}

  //! Another share, from the next `limit` on.
  void set_share(double share);
  //! At most `requests` in any `window`; replaces former figures of the bucket.
  void limit(const std::string& bucket, std::uint32_t requests, Milliseconds window);
  //! Nothing starts before `now + duration`.
  void pause(const std::string& bucket, Milliseconds now, Milliseconds duration);

  //! Takes a place. False when none is free.
  bool try_start(const std::string& bucket, Milliseconds now);
  //! The answer to a request that took a place at `started` is there, or will never come.
  void answered(const std::string& bucket, Milliseconds started, Milliseconds now);
  //! When a place may be free; nothing when that depends on an answer.
  std::optional<Milliseconds> next_start(const std::string& bucket, Milliseconds now);

 private:
  //! At most so many in a window.
  struct Limit {
    std::uint32_t capacity = UINT32_MAX;
    Milliseconds window{0};
  };
  struct Bucket {
    Limit limit;
    //! Of before, with a longer window: what it let go is still in that window, and what goes under
    //! the present one comes on top, until `former_until`.
    Limit former;
    Milliseconds former_until{0};
    Milliseconds longest_window{0};  //!< of all that it had: a limit may return to it
    Milliseconds paused_until{0};
    std::uint32_t in_flight = 0;
    std::deque<Milliseconds> held;  //!< a place is, for a window after each; in order
  };
  static void change(Bucket& bucket, Limit limit);
  static void forget_old(Bucket& bucket, Milliseconds now);
  //! When the limit lets the next one start, if all in flight were answered now; nothing when that
  //! depends on an answer.
  static std::optional<Milliseconds> next_by(const Bucket& bucket, const Limit& limit,
                                             Milliseconds now);
  static std::optional<Milliseconds> next_by_all(const Bucket& bucket, Milliseconds now);

  double share_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace muster
