// Which answer means what (ABI-12; hubspot/api.md §2.5, §7, §8).
#include <algorithm>
#include <charconv>

#include "api.hpp"

namespace muster::hubspot {
namespace {

// HubSpot's lock from heavy writes lasts 2 s (hubspot/api.md §7).
constexpr std::int64_t kLockMs = 2'000;
constexpr std::int64_t kServerTroubleMs = 2'000;
// So many failures without a success between them are a failing destination, not a failing request.
constexpr int kMostTroubles = 4;

std::int64_t retry_after_ms(const muster_http_response& response) {
  const auto text = header(response, "Retry-After");
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = !text.empty() && parsed.ec == std::errc{} && seconds >= 0 && seconds <= 86'400;
  return whole ? seconds * 1000 : -1;
}

//! "3 h 20 min"
std::string hours_and_minutes(std::int64_t ms) {
  const auto minutes = (ms + 59'999) / 60'000;
  return (minutes >= 60 ? std::to_string(minutes / 60) + " h " : "") +
         std::to_string(minutes % 60) + " min";
}

sdk::Failure missing_scope(const Answer& answer) {
  const auto& body = answer.body;
  std::string scopes;
  if (const auto* errors = array_at(body, "errors"); errors != nullptr) {
    for (const auto& error : *errors) {
      const auto* context = find(error, "context");
      const auto* named =
          context == nullptr ? nullptr : array_at(*context, "requiredGranularScopes");
      if (named == nullptr) continue;
      for (const auto& scope : *named) {
        const auto word = code_word(id_of(scope));
        if (!word.empty()) scopes += (scopes.empty() ? "" : ", ") + word;
      }
    }
  }
  if (scopes.empty()) {
    return {MUSTER_FORBIDDEN, "hubspot.forbidden",
            "HubSpot forbids the call (" + told(answer) + ")",
            "check the app's scopes and the permissions of the user who connected it"};
  }
  return {MUSTER_FORBIDDEN, "hubspot.missing_scope", "the connection lacks the scope " + scopes,
          "add it to the app, then connect the account again"};
}

}  // namespace

Answer Api::classify(const muster_http_response& response, Request::Credentials credentials) {
  Answer answer;
  switch (response.outcome) {
    case MUSTER_HTTP_ANSWERED:
      break;
    case MUSTER_HTTP_NOT_SENT:
      answer.fate = Fate::kRetry;
      unavailable("hubspot.unreachable", "HubSpot can't be reached", -1,
                  "check this machine's network and proxy, then run the same command again");
      return answer;
    case MUSTER_HTTP_CANCELLED:
      // It may have been sent.
      answer.fate = Fate::kInDoubt;
      if (host_.is_cancelled()) {
        end({MUSTER_CANCELLED, "hubspot.cancelled", "the call was cancelled"});
      }
      return answer;
    default:
      answer.fate = Fate::kInDoubt;
      if (++troubles_in_a_row_ >= kMostTroubles) {
        unavailable("hubspot.no_answer", "HubSpot does not answer");
      }
      return answer;
  }
  answer.status = response.status;
  answer.correlation_id = code_word(header(response, "X-HubSpot-Correlation-Id"));
  if (const auto written = http_date_ms(header(response, "Date"))) {
    clock_ahead_ms_ = *written - now_ms();
  }
  pace_.learn(response);
  auto parsed = parse_json(sdk::view(response.body));
  const bool is_empty = response.body.size == 0;
  if (parsed) answer.body = std::move(*parsed);
  if (response.status >= 200 && response.status < 300) {
    // A 2xx whose body can't be read has been applied, or not: nobody knows.
    answer.fate = parsed || is_empty ? Fate::kOk : Fate::kInDoubt;
    troubles_in_a_row_ = 0;
    if (now_ms() >= locked_until_ms_) most_open_ = std::min(kMostOpen, most_open_ + 1);
    return answer;
  }
  if (parsed) answer.error = error_facts(answer.body);
  classify_status(answer, response, credentials);
  return answer;
}

void Api::classify_status(Answer& answer, const muster_http_response& response,
                          Request::Credentials credentials) {
  const auto status = response.status;
  const auto retry_after = retry_after_ms(response);
  if (status == 429) return too_many_requests(answer, retry_after);
  if (status == 423) {
    answer.fate = Fate::kRetry;
    answer.wait_ms = std::max(retry_after, kLockMs);
    // Several of one burst meet the lock together: one step for all of them.
    if (now_ms() >= locked_until_ms_) most_open_ = std::max<std::size_t>(1, most_open_ / 2);
    locked_until_ms_ = now_ms() + answer.wait_ms;
    return pace_.pause(answer.wait_ms);
  }
  if (status == 477) {
    answer.fate = Fate::kRetry;
    answer.wait_ms = retry_after;
    const auto when = retry_after < 0 ? std::string{}
                                      : "; it is back in " + hours_and_minutes(retry_after) +
                                            " by its own reckoning";
    return unavailable("hubspot.migrating",
                       "HubSpot is moving the account to another data centre" + when, retry_after);
  }
  if (status == 408 || status >= 500) {
    answer.fate = Fate::kInDoubt;
    answer.wait_ms = std::max(retry_after, kServerTroubleMs);
    if (++troubles_in_a_row_ >= kMostTroubles) {
      unavailable("hubspot.failing",
                  "HubSpot answers with errors of its own (" + told(answer) + ")", -1,
                  "look at status.hubspot.com, and run the same command again later");
    }
    return;
  }
  // Without a token there is no scope that could be missing.
  if (status == 403 && credentials == Request::Credentials::kToken) {
    answer.fate = Fate::kRetry;
    return end(missing_scope(answer));
  }
  answer.fate = status == 404                    ? Fate::kNotFound
                : status == 409                  ? Fate::kConflict
                : status == 413 || status == 414 ? Fate::kTooLarge
                                                 : Fate::kRefused;
}

void Api::too_many_requests(Answer& answer, std::int64_t retry_after) {
  answer.fate = Fate::kRetry;
  const auto policy = text_at(answer.body, "policyName");
  if (policy == "DAILY") {
    // It starts afresh at midnight in the account's time zone (§7).
    const auto wait = retry_after >= 0 ? retry_after : day_.until_midnight_ms(host_.now_ms());
    answer.wait_ms = wait;
    return unavailable("hubspot.daily_limit",
                       "the account's daily quota of API calls is spent; it starts afresh in " +
                           hours_and_minutes(wait),
                       wait);
  }
  if (policy == "SECONDLY") {
    answer.wait_ms = std::max<std::int64_t>(retry_after, 1'000);
    return pace_.pause(answer.wait_ms);
  }
  answer.wait_ms = pace_.slow_down(retry_after);
}

}  // namespace muster::hubspot
