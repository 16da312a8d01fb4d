// HubSpot's API as an event loop over the host's network: many requests in flight, answers as they
// come, each classified once (ABI-12). Tokens are refreshed between requests. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "account_day.hpp"
#include "answer.hpp"
#include "muster/destination.hpp"
#include "pace.hpp"
#include "paths.hpp"
#include "settings.hpp"
#include "tokens.hpp"

namespace muster::hubspot {

struct Request {
  const char* method = "GET";
  std::string path;  //!< with its query; no identifier and no secret in it
  std::string body;  //!< JSON, unless it is a form
  enum class Kind { kJson, kForm } kind = Kind::kJson;
  enum class Credentials { kToken, kNone } credentials = Credentials::kToken;
  //! Some paths exist in every version of the API: a 404 there says that the version does not.
  enum class NotFound { kAnswer, kWrongVersion } not_found = NotFound::kAnswer;
  std::int64_t timeout_ms = 60'000;
  //! Of a batch: which inputs it holds, to know it again when it fails twice.
  std::size_t inputs_hash = 0;
};

class Api {
 public:
  using OnAnswer = std::function<void(Answer& answer)>;

  //! Throws Failure NOT_SUPPORTED when the host offers no network.
  Api(const sdk::Host& host, const HubSpotSettings& settings);

  //! Sends it as soon as the pace allows. The answer comes from `drain`, at once as kSkipped when
  //! the call is ending.
  void send(Request request, OnAnswer on_answer);
  //! Runs until every request is answered; the handlers may send more. Handlers must not throw.
  //! A few are under way at a time: what ends the call finds the others unsent.
  void drain();
  //! One request, alone.
  Answer call(Request request);
  //! What ended the call, if anything did: thrown once every item is reported.
  void throw_if_ended();
  bool ended() const noexcept { return ended_.has_value(); }
  //! Ends the call, unless something has: nothing more is sent.
  void end(sdk::Failure failure);
  //! Forgets what ended the call before.
  void begin_call();
  //! After a 404 that may mean a missing object or a version that HubSpot does not know: throws
  //! Failure BAD_CONFIG in the latter case, UNAVAILABLE when that can't be told now.
  void confirm_version();

  std::int64_t now_ms() const noexcept { return host_.now_ms(); }
  //! Now, by HubSpot's clock once an answer told it.
  Moment moment() const noexcept {
    return clock_ahead_ms_ ? Moment{now_ms() + *clock_ahead_ms_, true} : Moment{now_ms(), false};
  }
  //! False when the call was cancelled meanwhile.
  bool wait(std::int64_t ms) const { return host_.wait(ms); }

  Tokens& tokens() noexcept { return tokens_; }
  //! Takes the tokens that another process is renewing, once it has them.
  void wait_for_others();
  const Pace& pace() const noexcept { return pace_; }
  const HubSpotSettings& settings() const noexcept { return settings_; }
  std::string path_to(Path which, std::string_view part = {}) const {
    return path(which, settings_.api_version, part);
  }
  //! Where the account's day begins: its time zone, and its offset for the case that the zone is
  //! not known here.
  void set_day(AccountDay day) { day_ = std::move(day); }

 private:
  struct Open {
    Request request;
    OnAnswer on_answer;
    bool repeated = false;    //!< after a refreshed token
    std::string token_used;   //!< to tell a 401 of the former token from one of the present
    bool confirming = false;  //!< a 404 that would say that the version is unknown
  };

  std::size_t most_open() const;
  void start(Open open);
  void start_waiting();
  void take(const muster_http_response& response);
  Answer classify(const muster_http_response& response, Request::Credentials credentials);
  bool failed_before(const Request& request);
  void classify_status(Answer& answer, const muster_http_response& response,
                       Request::Credentials credentials);
  void too_many_requests(Answer& answer, std::int64_t retry_after_ms);
  void finish(Open open, Answer answer);
  bool refresh();
  bool exchange_refresh_token();
  bool wait_or_end(std::int64_t ms);
  std::optional<Answer> ask_for_tokens();
  bool claim_renewal(const std::string& access_before);
  bool wait_for_renewal(const std::string& access_before);
  bool renewed_elsewhere(const std::string& access_before);
  void repeat_or_give_up(Open open, Answer answer);
  void unavailable(const char* code, std::string message, std::int64_t wait_ms = -1,
                   std::string hint = "run the same command again later; what was done is kept");

  const sdk::Host host_;
  const HubSpotSettings& settings_;
  const muster_http_1* http_;
  Tokens tokens_;
  Pace pace_;
  std::map<std::uint64_t, Open> open_;
  std::deque<Open> waiting_;  //!< for their turn: at most most_open_ are handed to the host
  //! Enough to use an account's limit up at a second's latency, and no more: HubSpot locks accounts
  //! that write too much at once (423, hubspot/api.md §7).
  static constexpr std::size_t kMostOpen = 16;
  std::size_t most_open_ = kMostOpen;  //!< fewer after a lock, one more with each success
  std::int64_t locked_until_ms_ = 0;
  bool refreshing_ = false;
  std::deque<Open> held_;  //!< wait for the token that is being renewed
  std::uint64_t next_tag_ = 1;
  std::optional<sdk::Failure> ended_;
  std::set<std::size_t> failed_batches_;  //!< inputs_hash of those that met a 5xx
  int troubles_in_a_row_ = 0;
  AccountDay day_;
  std::optional<std::int64_t> clock_ahead_ms_;  //!< HubSpot's, of this machine's
};

}  // namespace muster::hubspot
