#include "pace.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "answer.hpp"

namespace muster::hubspot {
namespace {

constexpr double kSlower = 0.7;
constexpr double kFaster = 1.1;
constexpr double kLeastShare = 0.05;
constexpr std::uint32_t kMostRequests = 10'000;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

void Pace::begin() {
  if (begun_) return;
  begun_ = true;
  apply();
}

void Pace::apply() {
  const auto requests = std::max(1.0, static_cast<double>(told_) * share_);
  http_->limit(host_.context(), sdk::text(kBurstBucket), static_cast<std::uint32_t>(requests),
               window_ms_);
}

void Pace::learn(const muster_http_response& response) {
  const auto most = number(header(response, "X-HubSpot-RateLimit-Max"));
  const auto window = number(header(response, "X-HubSpot-RateLimit-Interval-Milliseconds"));
  bool changed = false;
  if (most && *most <= kMostRequests && window && *window <= 3'600'000) {
    changed = told_ != static_cast<std::uint32_t>(*most) || window_ms_ != *window;
    told_ = static_cast<std::uint32_t>(*most);
    window_ms_ = *window;
  }
  const auto now = host_.now_ms();
  if (share_ < 1.0 && now - changed_at_ms_ > window_ms_) {
    share_ = std::min(1.0, share_ * kFaster);
    changed_at_ms_ = now;
    changed = true;
  }
  if (changed) apply();
}

std::int64_t Pace::slow_down(std::int64_t retry_after_ms) {
  const auto now = host_.now_ms();
  // Several requests of one burst meet the limit together: one step for all of them.
  if (now - changed_at_ms_ > window_ms_ / 2) {
    share_ = std::max(kLeastShare, share_ * kSlower);
    changed_at_ms_ = now;
    apply();
  }
  const auto wait = retry_after_ms >= 0 ? retry_after_ms : window_ms_;
  pause(wait);
  return wait;
}

void Pace::pause(std::int64_t ms) { http_->pause(host_.context(), sdk::text(kBurstBucket), ms); }

}  // namespace muster::hubspot
