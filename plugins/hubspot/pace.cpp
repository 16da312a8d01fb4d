#include "pace.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "answer.hpp"

namespace muster::hubspot {
namespace {

constexpr double kSlower = 0.7;
constexpr double kFaster = 1.1;
constexpr double kLeastShare = 0.05;
constexpr std::uint32_t kMostRequests = 10'000;
// So many start together while the quota is shared: a limit that is met all the same refuses few.
constexpr double kTogether = 5;
// Ours that HubSpot had counted, perhaps, when it wrote an answer: those under way.
constexpr std::int64_t kUnderWay = 16;
constexpr auto kUnderWayShared = static_cast<std::int64_t>(kTogether);
// Of the whole limit, what is left free beside others: nobody knows what they are about to do.
constexpr double kMargin = 0.03;
// A smaller change of what others use is not worth another pace.
constexpr double kWorthAChange = 0.03;

std::optional<std::int64_t> count(std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || value < 0) return std::nullopt;
  return value;
}

//! As count, and not 0.
std::optional<std::int64_t> number(std::string_view text) {
  const auto value = count(text);
  return value && *value > 0 ? value : std::nullopt;
}

}  // namespace

void Pace::begin() {
  if (begun_) return;
  begun_ = true;
  apply();
}

void Pace::apply() {
  const auto share = std::max(kLeastShare, std::min(share_, left_by_others_));
  const auto requests = std::max(1.0, static_cast<double>(told_) * share);
  // Alone, a window's worth may go at once; with others, evenly: as many whole times in a window as
  // do not exceed it, wherever it begins.
  const auto together = is_shared() ? std::min(requests, kTogether) : requests;
  const auto window = static_cast<double>(window_ms_) / std::floor(requests / together);
  http_->limit(host_.context(), sdk::text(kBurstBucket), static_cast<std::uint32_t>(together),
               std::max<std::int64_t>(1, std::llround(window)));
}

void Pace::learn(const muster_http_response& response) {
  const auto most = number(header(response, "X-HubSpot-RateLimit-Max"));
  const auto window = number(header(response, "X-HubSpot-RateLimit-Interval-Milliseconds"));
  bool changed = false;
  if (most && *most <= kMostRequests && window && *window <= 3'600'000) {
    changed = told_ != static_cast<std::uint32_t>(*most) || window_ms_ != *window;
    told_ = static_cast<std::uint32_t>(*most);
    window_ms_ = *window;
    is_known_ = true;
  }
  ++answers_seen_;
  const auto now = host_.now_ms();
  if (const auto left = count(header(response, "X-HubSpot-RateLimit-Remaining")); most && left) {
    changed = learn_of_others(*left, now) || changed;
  }
  if (share_ < 1.0 && now - changed_at_ms_ > window_ms_) {
    share_ = std::min(1.0, share_ * kFaster);
    changed_at_ms_ = now;
    changed = true;
  }
  if (changed) apply();
}

//! What HubSpot counted in its window beyond ours was used by others. True when that changes the
//! pace: it is better to leave them their part than to meet the limit together with them.
bool Pace::learn_of_others(std::int64_t remaining, std::int64_t now) {
  answers_.push_back(now);
  while (answers_.front() + window_ms_ <= now) answers_.pop_front();
  const auto used = static_cast<std::int64_t>(told_) - remaining;
  const bool was_shared = is_shared();
  const auto under_way = was_shared ? kUnderWayShared : kUnderWay;
  const auto ours = static_cast<std::int64_t>(answers_.size()) + under_way;
  const auto others = std::max<std::int64_t>(0, used - ours);
  const auto margin = others > 0 ? kMargin : 0.0;
  const auto left = 1.0 - margin - static_cast<double>(others) / static_cast<double>(told_);
  if (std::abs(left - left_by_others_) < kWorthAChange && left < 1.0) return false;
  if (left == left_by_others_) return false;
  left_by_others_ = left;
  // What went at once is counted until its window is over.
  const bool spent = static_cast<double>(answers_.size()) >= static_cast<double>(told_) * left;
  if (!was_shared && spent) pause(answers_.front() + window_ms_ - now);
  return true;
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
