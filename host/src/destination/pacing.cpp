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
  b.capacity = std::max(1U, static_cast<std::uint32_t>(std::floor(allowed)));
  // Less than one: one, in a window that is so much longer.
  b.window = allowed >= 1 ? window
                          : Milliseconds{std::llround(static_cast<double>(window.count()) /
                                                      std::max(allowed, 1e-3))};
  b.longest_window = std::max(b.longest_window, b.window);
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
  if (now < b.paused_until || !is_free(b, now)) return false;
  ++b.in_flight;
  return true;
}

void Pacer::answered(const std::string& bucket, Milliseconds started, Milliseconds now) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  if (b.in_flight > 0) --b.in_flight;
  if (b.capacity == UINT32_MAX) return;
  const auto latest = std::min(now, started + kLargestDelay);
  // Answers do not come in the order of their requests.
  b.held.insert(std::upper_bound(b.held.begin(), b.held.end(), latest), latest);
}

std::optional<Milliseconds> Pacer::next_start(const std::string& bucket, Milliseconds now) {
  const std::lock_guard lock(mutex_);
  auto& b = buckets_[bucket];
  forget_old(b, now);
  if (is_free(b, now)) return std::max(now, b.paused_until);
  const auto first = first_held(b, now);
  if (first == b.held.end()) return std::nullopt;
  return std::max(*first + b.window, b.paused_until);
}

void Pacer::forget_old(Bucket& bucket, Milliseconds now) {
  while (!bucket.held.empty() && bucket.held.front() + bucket.longest_window <= now) {
    bucket.held.pop_front();
  }
}

std::deque<Milliseconds>::const_iterator Pacer::first_held(const Bucket& bucket, Milliseconds now) {
  return std::upper_bound(bucket.held.begin(), bucket.held.end(), now - bucket.window);
}

bool Pacer::is_free(const Bucket& bucket, Milliseconds now) {
  const auto held = bucket.held.end() - first_held(bucket, now);
  return bucket.in_flight + static_cast<std::size_t>(held) < bucket.capacity;
}

}  // namespace muster
