// The network of a fuzzed call: each request gets the next answer that the input holds; when it is
// spent, none is sent any more. Also what the targets share beyond that. One thread.
#pragma once

#include <deque>
#include <iterator>

#include "base/transport.hpp"
#include "fuzz/bytes.hpp"

namespace muster::fuzz {

//! A promise of the code under test: broken, the input is a find.
inline void expect(bool holds) {
  if (!holds) __builtin_trap();
}

class ScriptedTransport final : public Transport {
 public:
  ScriptedTransport(Bytes& script, Clock& clock) : script_(script), clock_(clock) {}
  void start(HttpRequest, std::uint64_t tag) override { tags_.push_back(tag); }
  std::optional<HttpResponse> next(Milliseconds deadline) override {
    if (tags_.empty()) {
      const auto now = clock_.elapsed();
      if (deadline > now) clock_.sleep_for(deadline - now);
      return std::nullopt;
    }
    HttpResponse response;
    response.tag = tags_.front();
    tags_.pop_front();
    response.outcome = HttpOutcome::kNotSent;
    if (!script_.spent()) answer(response);
    return response;
  }
  std::size_t in_flight() const override { return tags_.size(); }
  void cancel_all() override {}

 private:
  void answer(HttpResponse& response) {
    constexpr int kStatuses[] = {200, 201, 204, 207, 400, 401, 403,
                                 404, 409, 413, 423, 429, 477, 500};
    const auto how = script_.byte();
    response.outcome = how < 240 ? HttpOutcome::kAnswered : HttpOutcome::kNoAnswer;
    response.status = kStatuses[how % std::size(kStatuses)];
    // The headers that mean something to a plugin, with any value.
    for (const auto* name :
         {"Retry-After", "X-HubSpot-RateLimit-Max", "X-HubSpot-RateLimit-Remaining",
          "X-HubSpot-RateLimit-Interval-Milliseconds", "X-HubSpot-Correlation-Id"}) {
      if (how / std::size(kStatuses) % 4 != 3) break;
      response.headers.push_back({name, std::string(script_.text(script_.byte() % 24U))});
    }
    response.body = script_.text(script_.two() % 2048U);
  }

  Bytes& script_;
  Clock& clock_;
  std::deque<std::uint64_t> tags_;
};

}  // namespace muster::fuzz
