// HubSpot, simulated: a stateful server that refuses what HubSpot refuses (hubspot/api.md). One
// request at a time, whatever carries it. [concurrent] through `handle` alone.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "simulator/contacts_api.hpp"
#include "simulator/faults.hpp"
#include "simulator/lists_api.hpp"
#include "simulator/oauth_api.hpp"
#include "simulator/rate_limiter.hpp"

namespace muster::simulator {

//! A request as the log keeps it.
struct LoggedRequest {
  std::string method;
  std::string target;
  std::string body;
  int status = 0;
  std::string answer;  //!< kept when the switch log_answers is on
};

class HubSpot {
 public:
  explicit HubSpot(const Clock& clock, std::uint64_t seed = 1);

  SimResponse handle(const SimRequest& request);

  Account& account() { return account_; }
  Switches& switches() { return switches_; }
  Faults& faults() { return faults_; }
  OAuthApi& oauth() { return oauth_; }
  RateLimiter& limiter() { return limiter_; }
  //! Whether a membership write to come will say what it does not do.
  bool is_to_lie() const { return lists_.is_to_lie(); }
  std::vector<LoggedRequest>& log() { return log_; }
  //! Requests of the log whose path holds `part`.
  std::size_t count(const std::string& part, const std::string& method = {}) const;

 private:
  SimResponse answer(const SimRequest& request);
  SimResponse route(const SimRequest& request);
  SimResponse faulty(const SimRequest& request, const Fault& fault);
  SimResponse control(const SimRequest& request);
  SimResponse control_lists(const SimRequest& request, const std::vector<std::string>& path);
  SimResponse account_info(const SimRequest& request);

  std::mutex mutex_;
  const Clock& clock_;
  Account account_;
  Switches switches_;
  Faults faults_;
  RateLimiter limiter_;
  OAuthApi oauth_;
  ContactsApi contacts_;
  ListsApi lists_;
  std::vector<LoggedRequest> log_;
};

}  // namespace muster::simulator
