// HTTP as the host speaks it: a completion queue. `start` hands a request over, `next` returns
// finished ones in the order in which they finish. libcurl stands behind it in life, a simulator
// in process in tests; whoever uses it can't tell.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace muster {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  //! Absolute, http or https. Never holds a secret: it may be logged.
  std::string url;
  std::vector<HttpHeader> headers;
  std::string body;
  //! From start to the last byte of the answer.
  Milliseconds timeout{30'000};
  //! Follow redirects; to another scheme, host or port without the Authorization header.
  bool follow_redirects = false;
  //! When set, the bytes of a 200 answer are handed over as they come, within `next`, however many
  //! they are, with their Content-Encoding (gzip is accepted); `HttpResponse::body` is then empty.
  std::function<void(std::string_view)> on_body = {};
};

//! How far a request got. Whoever retries decides by this, not by texts.
enum class HttpOutcome {
  kAnswered,   //!< a whole answer was read; `status` says what it is
  kNotSent,    //!< surely not sent: DNS, refused connection, TLS refused, address not allowed
  kNoAnswer,   //!< sent, perhaps in part, without a whole answer: reset, time-out, truncation
  kCancelled,  //!< given up by `cancel_all`; may have been sent
};

struct HttpResponse {
  std::uint64_t tag = 0;
  HttpOutcome outcome = HttpOutcome::kNotSent;
  int status = 0;
  std::vector<HttpHeader> headers;
  //! Content-Encoding already undone.
  std::string body;
  //! Why there was no answer; without secrets and identifiers.
  std::string error;

  //! The first header of that name, whatever its case; empty when absent.
  std::string_view header(std::string_view name) const noexcept;
};

//! Not thread-safe: one user at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  //! Takes the request over and returns at once. Never throws for what the network does: that is
  //! told by `next`. `tag` comes back with the response.
  virtual void start(HttpRequest request, std::uint64_t tag) = 0;
  //! The next finished request; nothing when `clock.elapsed()` reaches `deadline` before, or when
  //! nothing is in flight. With a virtual clock, time moves on to the answer or to the deadline.
  virtual std::optional<HttpResponse> next(Milliseconds deadline) = 0;
  //! Requests started and not yet returned by `next`.
  virtual std::size_t in_flight() const = 0;
  //! Ends all that is in flight; each is then returned by `next` as kCancelled (or answered).
  virtual void cancel_all() = 0;
};

}  // namespace muster
