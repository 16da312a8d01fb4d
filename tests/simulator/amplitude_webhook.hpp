// Amplitude's cohort webhook, sent to a receiver (amplitude/api.md §2): one direction a message,
// retried when the receiver is slower than two seconds or does not answer 200.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/transport.hpp"
#include "simulator/amplitude_project.hpp"

namespace muster::simulator {

struct WebhookMessage {
  std::string cohort_id;
  std::string cohort_name;
  bool in_cohort = true;
  std::int64_t computed_time = 0;  //!< Unix seconds; a text in the payload
  std::string message_id;
  std::vector<AmplitudeUser> users;

  //! The default payload.
  std::string body() const;
};

//! The messages of one computation: entries, then exits, at most `batch` users each.
std::vector<WebhookMessage> webhook_messages(const AmplitudeCohort& cohort,
                                             const std::vector<AmplitudeUser>& entering,
                                             const std::vector<AmplitudeUser>& exiting,
                                             std::int64_t computed_time, const std::string& uuid,
                                             std::size_t batch = 1'000);

class WebhookSender {
 public:
  struct Options {
    std::string url;
    std::vector<HttpHeader> headers;  //!< up to five fixed ones
    Milliseconds timeout{2'000};
    int retries = 8;
    Milliseconds first_pause{1'000};
    Milliseconds longest_pause{128'000};
  };
  //! Borrows both.
  WebhookSender(Transport& transport, Clock& clock, Options options)
      : transport_(transport), clock_(clock), options_(std::move(options)) {}

  struct Delivery {
    int status = 0;  //!< of the last try; 0: no answer
    int tries = 0;
    std::string answer;
  };
  //! Sends one message until it is answered 200 or every retry is spent.
  Delivery send(const WebhookMessage& message) { return send_body(message.body()); }
  Delivery send_body(const std::string& body);

 private:
  Transport& transport_;
  Clock& clock_;
  Options options_;
};

}  // namespace muster::simulator
