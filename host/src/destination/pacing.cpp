#include "destination/pacing.hpp"

#include <algorithm>
#include <cmath>

namespace muster {

void Pacer::set_share(double share) {
  const std::lock_guard lock(mutex_);
  share_ = share;
}

void Pacer::limit(const std::string& bucket, std::uint32_t requests, Milliseconds window) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  const auto allowed = std::max(1U, requests) * share_ + 1e-9;
  // Less than one: one, in a window that is so much longer.
  const auto stretched = allowed >= 1
                             ? window
                             : Milliseconds{std::llround(static_cast<double>(window.count()) /
                                                         std::max(allowed, 1e-3))};
  change(b, {std::max(1U, static_cast<std::uint32_t>(std::floor(allowed))), stretched});
}

void Pacer::change(Bucket& bucket, Limit limit) {
  const auto& before = bucket.limit;
  const bool is_slower =
      static_cast<double>(limit.capacity) * static_cast<double>(before.window.count()) <=
      static_cast<double>(before.capacity) * static_cast<double>(limit.window.count());
  if (limit.window < before.window && is_slower && !bucket.held.empty()) {
    const auto latest = bucket.held.back();
    if (bucket.former_until <= latest) bucket.former = before;
    bucket.former_until = latest + bucket.former.window;
  }
  bucket.limit = limit;
  bucket.longest_window = std::max(bucket.longest_window, limit.window);
}

void Pacer::pause(const std::string& bucket, Milliseconds now, Milliseconds duration) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  b.paused_until = std::max(b.paused_until, now + duration);
}

bool Pacer::try_start(const std::string& bucket, Milliseconds now) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  forget_old(b, now);
  const auto next = next_by_all(b, now);
  if (now < b.paused_until || !next || *next > now) return false;
  ++b.in_flight;
  return true;
}

void Pacer::answered(const std::string& bucket, Milliseconds started, Milliseconds now) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  if (b.in_flight > 0) --b.in_flight;
  if (b.limit.capacity == UINT32_MAX) return;
  const auto latest = std::min(now, started + kLargestDelay);
  // Answers do not come in the order of their requests.
  b.held.insert(std::upper_bound(b.held.begin(), b.held.end(), latest), latest);
}

std::optional<Milliseconds> Pacer::next_start(const std::string& bucket, Milliseconds now) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  forget_old(b, now);
  const auto next = next_by_all(b, now);
  if (!next) return std::nullopt;
  return std::max(*next, b.paused_until);
}

void Pacer::forget_old(Bucket& bucket, Milliseconds now) {
  while (!bucket.held.empty() && bucket.held.front() + bucket.longest_window <= now) {
    bucket.held.pop_front();
  }
}

std::optional<Milliseconds> Pacer::next_by(const Bucket& bucket, const Limit& limit,
                                           Milliseconds now) {
  const auto first = std::upper_bound(bucket.held.begin(), bucket.held.end(), now - limit.window);
  const auto held = static_cast<std::size_t>(bucket.held.end() - first);
  if (bucket.in_flight + held < limit.capacity) return now;
  if (bucket.in_flight >= limit.capacity) return std::nullopt;
  // So many of the places held must end before one is free.
  const auto ending = held + bucket.in_flight - limit.capacity;
  return first[static_cast<std::ptrdiff_t>(ending)] + limit.window;
}

std::optional<Milliseconds> Pacer::next_by_all(const Bucket& bucket, Milliseconds now) {
  const auto next = next_by(bucket, bucket.limit, now);
  if (now >= bucket.former_until) return next;
  const auto former = next_by(bucket, bucket.former, now);
  if (!next || !former) return std::nullopt;
  return std::max(*next, *former);
}

}  // namespace muster
