// The pace at which an account may be asked: HubSpot's own figures from its headers, less while
// other clients of the account use its quota up (hubspot/api.md §7). One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "muster/destination.hpp"

namespace muster::hubspot {

inline constexpr std::string_view kBurstBucket = "burst";

class Pace {
 public:
  Pace(const sdk::Host& host, const muster_http_1* http) : host_(host), http_(http) {}

  //! Before the first answer: what every kind of app may do.
  void begin();
  //! Takes the limit over from the headers of an answer, and speeds up again after a 429.
  void learn(const muster_http_response& response);
  //! A 429 of the burst limit: pauses, and goes slower. Returns how long to wait, in ms.
  std::int64_t slow_down(std::int64_t retry_after_ms);
  //! Nothing is sent for `ms`.
  void pause(std::int64_t ms);

  //! Whether an answer told the limit; or several did not, and none will.
  bool is_known() const noexcept { return is_known_ || answers_seen_ >= kMostSilentAnswers; }
  std::uint32_t requests_per_window() const noexcept { return told_; }
  std::int64_t window_ms() const noexcept { return window_ms_; }

 private:
  void apply();
  bool is_shared() const noexcept { return share_ < 1.0 || left_by_others_ < 1.0; }
  bool learn_of_others(std::int64_t remaining, std::int64_t now);

  sdk::Host host_;
  const muster_http_1* http_;
  static constexpr std::uint64_t kMostSilentAnswers = 4;
  bool begun_ = false;
  bool is_known_ = false;
  std::uint64_t answers_seen_ = 0;
  std::uint32_t told_ = 100;
  std::int64_t window_ms_ = 10'000;
  double share_ = 1.0;  //!< of what HubSpot tells: less after a 429
  //! Of what HubSpot tells, what other clients of the account leave.
  double left_by_others_ = 1.0;
  std::deque<std::int64_t> answers_;  //!< when ours came, of the last window
  std::int64_t changed_at_ms_ = 0;
};

}  // namespace muster::hubspot
