// HubSpot's limits: a rolling window of 10 s and a day, per account; search apart (api.md §7).
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "simulator/http_message.hpp"
#include "simulator/switches.hpp"

namespace muster::simulator {

class RateLimiter {
 public:
  explicit RateLimiter(const Clock& clock) : clock_(clock) {}
  //! The policy that refuses a request now; nothing when it may pass, which counts it.
  std::optional<std::string> refuse(const Switches& switches, bool is_search);
  //! The headers of an answer (search has none).
  void add_headers(const Switches& switches, SimResponse& response);
  //! Requests of others that share the account's quota.
  void use_by_others(std::int64_t requests);
  //! So many calls of theirs, evenly since `since`.
  void use_by_others_since(Milliseconds since, std::int64_t requests);
  //! By the limits of ten seconds and of one.
  std::size_t refused() const { return refused_; }
  std::size_t refused_by_day() const { return refused_by_day_; }

 private:
  void forget_old();

  const Clock& clock_;
  std::deque<Milliseconds> burst_;
  std::deque<Milliseconds> search_;
  std::int64_t day_ = -1;
  std::int64_t today_ = 0;
  std::size_t refused_ = 0;
  std::size_t refused_by_day_ = 0;
};

}  // namespace muster::simulator
