// The renewal of a connection's tokens: one at a time, in this process and among all that use the
// connection (hubspot/api.md §2.2), since each may make the former refresh token worthless.
#include <memory>
#include <utility>

#include "api.hpp"
#include "paths.hpp"

namespace muster::hubspot {
namespace {

constexpr std::int64_t kTokenTimeoutMs = 60'000;
constexpr std::int64_t kLookAgainMs = 250;
constexpr std::int64_t kWorthTellingMs = 5'000;

}  // namespace

//! True when the access token is a new one. Single-flight: what needs it meanwhile is held.
bool Api::refresh() {
  refreshing_ = true;
  const bool renewed = exchange_refresh_token();
  refreshing_ = false;
  auto held = std::exchange(held_, {});
  for (auto& open : held) {
    if (renewed && !ended_) {
      start(std::move(open));
    } else {
      Answer not_done;
      not_done.fate = Fate::kRetry;
      finish(std::move(open), std::move(not_done));
    }
  }
  return renewed;
}

//! Another process says that it renews the tokens: true once it has stored them; false when it gave
//! up or its time is over, or this call has ended.
bool Api::wait_for_renewal(const std::string& access_before) {
  for (std::int64_t waited_ms = 0; tokens_.is_renewed_elsewhere(); waited_ms += kLookAgainMs) {
    if (waited_ms == kWorthTellingMs) {
      host_.log(MUSTER_LOG_WARNING,
                "another process renews the connection's token, or died while it did: waiting for "
                "it, for a minute at most");
    }
    if (!wait_or_end(kLookAgainMs)) return false;
    if (tokens_.reload() && tokens_.access_token() != access_before) return true;
  }
  return false;
}

void Api::wait_for_others() {
  wait_for_renewal(tokens_.access_token());
  tokens_.reload();
}

//! True when it is this process's turn to renew the tokens, and the others know; false when they
//! are new already, or this call has ended.
bool Api::claim_renewal(const std::string& access_before) {
  // Another process may have done it.
  const auto are_new = [&] {
    tokens_.reload();
    return tokens_.access_token() != access_before && !tokens_.is_due();
  };
  for (;;) {
    if (are_new()) return false;
    if (wait_for_renewal(access_before) || ended_) return false;
    tokens_.announce_renewal(kTokenTimeoutMs);
    if (tokens_.is_renewed_elsewhere()) continue;  // both did, and the later one goes on
    if (!are_new()) return true;
    tokens_.end_renewal();
    return false;
  }
}

//! A refresh token that rotated under us is not a revoked one: another process that announced its
//! renewal in the same instant may have been given its successor, and not have stored it yet.
bool Api::renewed_elsewhere(const std::string& access_before) {
  for (const std::int64_t wait_ms : {0, 250, 500, 1'000, 2'000, 4'000}) {
    if (wait_ms > 0 && !wait_or_end(wait_ms)) return false;
    if (tokens_.reload() && tokens_.access_token() != access_before) return true;
    if (wait_for_renewal(access_before)) return true;
    if (ended_) return false;
  }
  return false;
}

//! Nothing when the host's network failed. An answer counts though the call has ended meanwhile: it
//! may have made the former refresh token worthless.
std::optional<Answer> Api::ask_for_tokens() {
  // Shared with the handler: it may run after this function gave up.
  const auto taken = std::make_shared<std::optional<Answer>>();
  Request request;
  request.method = "POST";
  request.path = path_to(Path::kToken);
  request.body = tokens_.refresh_form();
  request.kind = Request::Kind::kForm;
  request.credentials = Request::Credentials::kNone;
  request.not_found = Request::NotFound::kWrongVersion;
  request.timeout_ms = kTokenTimeoutMs;
  send(std::move(request), [taken](Answer& answer) { *taken = std::move(answer); });
  while (!*taken && !open_.empty()) {
    muster_http_response response{};
    response.struct_size = sizeof response;
    if (http_->next(host_.context(), &response) != MUSTER_OK) break;
    take(response);
  }
  return std::move(*taken);
}

bool Api::exchange_refresh_token() {
  const auto before = tokens_.access_token();
  try {
    if (!claim_renewal(before)) return !ended_;
    const auto used = tokens_.refresh_token();
    const auto answer = ask_for_tokens();
    if (answer && answer->fate == Fate::kOk) tokens_.store(answer->body);
    tokens_.end_renewal();
    if (!answer || ended_) return false;
    if (answer->fate == Fate::kOk) return tokens_.access_token() != before;
    if (answer->fate == Fate::kRefused) {
      auto failure = token_failure(answer->body, answer->status);
      if (failure.status() == MUSTER_UNAUTHENTICATED && renewed_elsewhere(before)) return true;
      // Whoever renewed it may have died before the access token was stored.
      if (!ended_ && tokens_.refresh_token() != used) return exchange_refresh_token();
      end(std::move(failure));
      return false;
    }
    unavailable("hubspot.unavailable", "HubSpot does not renew the token now", answer->wait_ms);
  } catch (const sdk::Failure& failure) {
    end(failure);
    tokens_.end_renewal();
  }
  return false;
}

}  // namespace muster::hubspot
