// Which answer means what (ABI-12; hubspot/api.md §2.5, §7, §8).
#include <algorithm>
#include <charconv>

#include "api.hpp"

namespace muster::hubspot {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
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

sdk::Failure missing_scope(const json::value& body) {
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
    return {MUSTER_FORBIDDEN, "hubspot.forbidden", "HubSpot forbids the call",
            "check the app's scopes and the permissions of the user who connected it"};
  }
  return {MUSTER_FORBIDDEN, "hubspot.missing_scope", "the connection lacks the scope " + scopes,
          "add it to the app, then connect the account again"};
}

}  // namespace

Answer Api::classify(const muster_http_response& response) {
  Answer answer;
  switch (response.outcome) {
    case MUSTER_HTTP_ANSWERED:
      break;
    case MUSTER_HTTP_NOT_SENT:
      answer.fate = Fate::kRetry;
      unavailable("hubspot.unreachable", "HubSpot can't be reached");
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
  pace_.learn(response);
  auto parsed = parse_json(sdk::view(response.body));
  const bool is_empty = response.body.size == 0;
  if (parsed) answer.body = std::move(*parsed);
  if (response.status >= 200 && response.status < 300) {
    // A 2xx whose body can't be read has been applied, or not: nobody knows.
    answer.fate = parsed || is_empty ? Fate::kOk : Fate::kInDoubt;
    troubles_in_a_row_ = 0;
    return answer;
  }
  if (parsed) answer.error = error_facts(answer.body);
  classify_status(answer, response);
  return answer;
}

void Api::classify_status(Answer& answer, const muster_http_response& response) {
  const auto status = response.status;
  const auto retry_after = retry_after_ms(response);
  if (status == 429) return too_many_requests(answer, retry_after);
  if (status == 423) {
    answer.fate = Fate::kRetry;
    answer.wait_ms = std::max(retry_after, kLockMs);
    return pace_.pause(kLockMs);
  }
  if (status == 477) {
    answer.fate = Fate::kRetry;
    answer.wait_ms = retry_after;
    return unavailable("hubspot.migrating", "HubSpot is moving the account to another data centre",
                       retry_after);
  }
  if (status == 408 || status >= 500) {
    answer.fate = Fate::kInDoubt;
    answer.wait_ms = std::max(retry_after, kServerTroubleMs);
    if (++troubles_in_a_row_ >= kMostTroubles) {
      unavailable("hubspot.failing",
                  "HubSpot answers with errors of its own (" + std::to_string(status) + ")");
    }
    return;
  }
  if (status == 403) {
    answer.fate = Fate::kRetry;
    return end(missing_scope(answer.body));
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
    const auto wait = retry_after >= 0 ? retry_after : until_midnight_ms();
    answer.wait_ms = wait;
    return unavailable("hubspot.daily_limit", "the account's daily quota of API calls is spent",
                       wait);
  }
  if (policy == "SECONDLY") {
    answer.wait_ms = std::max<std::int64_t>(retry_after, 1'000);
    return pace_.pause(answer.wait_ms);
  }
  answer.wait_ms = pace_.slow_down(retry_after);
}

//! The quota starts afresh at midnight in the account's time zone.
std::int64_t Api::until_midnight_ms() const {
  const auto local = host_.now_ms() + utc_offset_ms_;
  return kDayMs - (local % kDayMs + kDayMs) % kDayMs;
}

}  // namespace muster::hubspot
