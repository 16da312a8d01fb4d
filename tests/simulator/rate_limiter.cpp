#include "simulator/rate_limiter.hpp"

#include <algorithm>

namespace muster::simulator {
namespace {

constexpr Milliseconds kWindow{10'000};
constexpr Milliseconds kSecond{1'000};
constexpr std::size_t kSearchLimit = 5;
constexpr std::int64_t kUnlimited = 10'000;
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

}  // namespace

void RateLimiter::forget_old() {
  const auto now = clock_.elapsed();
  while (!burst_.empty() && burst_.front() + kWindow <= now) burst_.pop_front();
  while (!search_.empty() && search_.front() + kSecond <= now) search_.pop_front();
}

std::optional<std::string> RateLimiter::refuse(const Switches& switches, bool is_search) {
  forget_old();
  const auto local = clock_.now().time_since_epoch().count() + switches.utc_offset_ms;
  if (const auto day = local / kDayMs; day != day_) {
    day_ = day;
    today_ = 0;
  }
  if (switches.daily_limit > 0 && today_ >= switches.daily_limit) {
    ++refused_by_day_;
    return "DAILY";
  }
  if (is_search) {
    if (search_.size() >= kSearchLimit) {
      ++refused_;
      return "SECONDLY";
    }
    search_.push_back(clock_.elapsed());
  } else {
    const auto limit = static_cast<std::size_t>(switches.burst_limit);
    if (limit > 0 && burst_.size() >= limit) {
      ++refused_;
      return "TEN_SECONDLY_ROLLING";
    }
    burst_.push_back(clock_.elapsed());
  }
  ++today_;
  return std::nullopt;
}

void RateLimiter::add_headers(const Switches& switches, SimResponse& response) {
  forget_old();
  // Every account has a limit that its headers tell; without one it is too high to be met.
  const auto limit = switches.burst_limit > 0 ? switches.burst_limit : kUnlimited;
  const auto used = static_cast<std::int64_t>(burst_.size());
  response.headers.emplace_back("X-HubSpot-RateLimit-Max", std::to_string(limit));
  response.headers.emplace_back("X-HubSpot-RateLimit-Remaining",
                                std::to_string(std::max<std::int64_t>(0, limit - used)));
  response.headers.emplace_back("X-HubSpot-RateLimit-Interval-Milliseconds", "10000");
}

void RateLimiter::use_by_others(std::int64_t requests) {
  for (std::int64_t i = 0; i < requests; ++i) burst_.push_back(clock_.elapsed());
}

void RateLimiter::use_by_others_since(Milliseconds since, std::int64_t requests) {
  const auto took = clock_.elapsed() - since;
  for (std::int64_t i = 1; i <= requests; ++i) burst_.push_back(since + took * i / requests);
  std::sort(burst_.begin(), burst_.end());
}

}  // namespace muster::simulator
