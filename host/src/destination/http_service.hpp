// muster.http/1 for one instance: a queue in front of the transport that keeps the pace, reaches
// allowed hosts only, and ends in time when the call is cancelled. [serial] but for what says
// otherwise.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/cancellation.hpp"
#include "base/clock.hpp"
#include "base/transport.hpp"
#include "destination/host_services.hpp"
#include "destination/pacing.hpp"

namespace muster {

//! Whether a plugin with these limits may reach `url`; why not in `reason`.
bool is_allowed(const std::string& url, const ConnectionLimits& limits, std::string& reason);

class HttpService {
 public:
  HttpService(Clock& clock, Transport& transport, const Cancellation& cancellation,
              const ConnectionLimits& limits, std::shared_ptr<Pacer> pacer);

  //! Queues; the address was found allowed.
  void start(HttpRequest request, std::uint64_t tag, std::string bucket);
  //! The next finished request; nothing when none was started.
  std::optional<HttpResponse> next();

  //! Called at least every 200 ms while `next` waits.
  void set_heartbeat(std::function<void()> beat) { heartbeat_ = std::move(beat); }

  //! [concurrent]
  Pacer& pacer() noexcept { return *pacer_; }
  //! [concurrent] Nothing: no limit.
  void set_deadline(std::optional<Milliseconds> elapsed) {
    deadline_ = elapsed.value_or(Milliseconds::max());
  }
  //! [concurrent]
  bool must_end() const;
  //! [concurrent] Until the deadline; Milliseconds::max() without one.
  Milliseconds remaining() const;
  //! [concurrent]
  Destination::Usage usage() const noexcept { return {calls_, throttled_}; }

 private:
  struct Queued {
    HttpRequest request;
    std::uint64_t tag;
    std::string bucket;
  };
  struct InFlight {
    std::uint64_t tag;
    std::string bucket;
    Milliseconds started;
  };

  void start_allowed();
  std::optional<HttpResponse> next_cancelled();
  Milliseconds wake_time(Milliseconds now);
  HttpResponse finish(HttpResponse response);

  Clock& clock_;
  Transport& transport_;
  const Cancellation& cancellation_;
  std::size_t max_in_flight_;
  std::shared_ptr<Pacer> pacer_;
  std::deque<Queued> queue_;
  std::map<std::uint64_t, InFlight> in_flight_;  //!< by our own tags
  std::uint64_t next_tag_ = 1;
  std::function<void()> heartbeat_;
  std::atomic<Milliseconds> deadline_{Milliseconds::max()};
  std::optional<Milliseconds> grace_until_;
  bool held_back_ = false;  //!< by the pace, not by max_in_flight
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<Milliseconds> throttled_{Milliseconds{0}};
};

}  // namespace muster
