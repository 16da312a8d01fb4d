#include "tokens.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

#include "answer.hpp"
#include "paths.hpp"

namespace muster::hubspot {
namespace {

// Access tokens live 30 minutes; requests that wait for their turn must not outlive one.
constexpr std::int64_t kAheadMs = 5 * 60 * 1000;
constexpr std::int64_t kDefaultLifeMs = 1800 * 1000;
// Whatever an answer claims: no token is renewed at every request, and none is trusted for ever.
constexpr std::int64_t kShortestLifeMs = 60 * 1000;
constexpr std::int64_t kLongestLifeMs = 24LL * 3600 * 1000;
// What a process may take to store what it was answered.
constexpr std::int64_t kToStoreMs = 5 * 1000;
// A clock that was put back makes nobody wait for ever.
constexpr std::int64_t kLongestRenewalMs = 2 * 60 * 1000;
constexpr const char* kAccess = "access_token";
constexpr const char* kRefresh = "refresh_token";
constexpr const char* kExpires = "expires_at_ms";
constexpr const char* kRenewal = "renewal";  // "<until, in Unix ms> <a number of the process's>"

sdk::Failure not_connected() {
  return {MUSTER_UNAUTHENTICATED, "hubspot.not_connected",
          "the connection has no HubSpot account yet", "connect it with muster connect"};
}

std::int64_t to_number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += name;
    body += '=';
    body += percent_encoded(value);
  }
  return body;
}

sdk::Failure token_failure(const json::value& answer, int http_status) {
  auto status = text_at(answer, "status");
  if (status == "error") status = {};  // as every refusal of the API's begins
  const auto error = text_at(answer, "error");
  // A dead token was seen with error "invalid_request" too: the status decides (§2.3).
  if (status == "BAD_REFRESH_TOKEN" || (status.empty() && error == "invalid_grant")) {
    return {MUSTER_UNAUTHENTICATED, "hubspot.revoked",
            "HubSpot no longer takes the connection's refresh token: the app was uninstalled, its "
            "access withdrawn, or a process was killed before it could store a renewed one",
            "connect the account again with muster connect"};
  }
  if (status == "BAD_HUB") {
    return {MUSTER_UNAUTHENTICATED, "hubspot.revoked",
            "the HubSpot account does not exist any more",
            "connect another account with muster connect"};
  }
  if (status == "BAD_AUTH_CODE") {
    return {MUSTER_UNAUTHENTICATED, "hubspot.bad_code",
            "the authorization code has expired or was used before",
            "start again with muster connect"};
  }
  if (status == "BAD_CODE_VERIFIER") {
    return {MUSTER_UNAUTHENTICATED, "hubspot.bad_code_verifier",
            "the access was granted for another attempt to connect (PKCE)",
            "start again with muster connect, and grant the access at the address that it shows"};
  }
  if (status == "BAD_SCOPES" || status == "BAD_GRANT_TYPE") {
    return {MUSTER_BAD_CONFIG, "hubspot.bad_app",
            "HubSpot refuses what the app asks for (" + code_word(status) + ")",
            "compare the app's scopes with those in the plugin's README"};
  }
  if (status == "BAD_REDIRECT_URI") {
    return {MUSTER_BAD_CONFIG, "hubspot.bad_redirect",
            "the app does not know this redirect address",
            "add the address that `muster connect` shows to the app's redirect URLs"};
  }
  const auto word = code_word(status.empty() ? error : status);
  if (status.starts_with("BAD_CLIENT") || error == "invalid_client") {
    return {MUSTER_BAD_CONFIG, "hubspot.bad_client",
            "HubSpot refuses the app's credentials (" + word + ")",
            "check auth.client_id and auth.client_secret of the connection"};
  }
  if (!word.empty()) {
    return {MUSTER_BAD_CONFIG, "hubspot.token_request",
            "HubSpot refuses the request for a token (" + word + ")",
            "compare the app's settings with the plugin's README"};
  }
  return {
      MUSTER_UNAVAILABLE, "hubspot.token_request",
      "HubSpot, or something on the way to it, refuses the request for a token without saying "
      "why (" +
          std::to_string(http_status) + ")",
      "run it again later; if it stays so, look at this machine's proxy and status.hubspot.com"};
}

Tokens::Tokens(const sdk::Host& host, const HubSpotSettings& settings)
    : host_(host), settings_(settings) {}

void Tokens::load() {
  if (is_static()) {
    access_ = settings_.token;
    return;
  }
  if (!refresh_.empty()) return;
  refresh_ = host_.secret(kRefresh);
  if (refresh_.empty()) throw not_connected();
  access_ = host_.secret(kAccess);
  expires_at_ms_ = to_number(host_.secret(kExpires));
  due_at_ms_ = expires_at_ms_ - kAheadMs;
}

bool Tokens::is_due() const { return !is_static() && host_.now_ms() >= due_at_ms_; }

std::string Tokens::refresh_form() const {
  return form({{"grant_type", "refresh_token"},
               {"client_id", settings_.client_id},
               {"client_secret", settings_.client_secret},
               {"refresh_token", refresh_}});
}

void Tokens::take(const json::value& answer) {
  const auto access = text_at(answer, "access_token");
  const auto refresh = text_at(answer, "refresh_token");
  const bool clean = access.find_first_of("\r\n") == std::string_view::npos;
  if (access.empty() || !clean || (refresh.empty() && refresh_.empty())) {
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.bad_answer",
                       "HubSpot's answer to the token request holds no token");
  }
  const auto* told_life = find(answer, "expires_in");
  const auto* seconds = told_life == nullptr ? nullptr : told_life->if_int64();
  access_ = access;
  if (!refresh.empty()) refresh_ = refresh;
  auto life = kDefaultLifeMs;
  if (seconds != nullptr) {
    life = std::clamp(*seconds, kShortestLifeMs / 1000, kLongestLifeMs / 1000) * 1000;
  }
  expires_at_ms_ = host_.now_ms() + life;
  due_at_ms_ = expires_at_ms_ - std::min(kAheadMs, life / 2);
}

void Tokens::keep() {
  if (is_static() || refresh_.empty()) return;
  // The refresh token first: with it alone, a crash here costs nothing but a refresh.
  host_.store_secret(kRefresh, refresh_);
  // The access token last: whoever reads between the two still has the former one, for a while.
  host_.store_secret(kExpires, std::to_string(expires_at_ms_));
  host_.store_secret(kAccess, access_);
}

void Tokens::store(const json::value& answer) {
  take(answer);
  keep();
}

bool Tokens::reload() {
  if (is_static()) return false;
  auto stored = host_.secret(kRefresh);
  auto access = host_.secret(kAccess);
  if (stored.empty() || (stored == refresh_ && access == access_)) return false;
  refresh_ = std::move(stored);
  access_ = std::move(access);
  expires_at_ms_ = to_number(host_.secret(kExpires));
  due_at_ms_ = expires_at_ms_ - kAheadMs;
  return true;
}

void Tokens::announce_renewal(std::int64_t timeout_ms) {
  std::random_device random;
  const auto until = host_.now_ms() + timeout_ms + kToStoreMs;
  announced_ = std::to_string(until) + ' ' + std::to_string(random());
  host_.store_secret(kRenewal, announced_);
}

void Tokens::end_renewal() {
  const auto announced = std::exchange(announced_, {});
  if (announced.empty()) return;
  try {
    if (host_.secret(kRenewal) == announced) host_.store_secret(kRenewal, {});
  } catch (const sdk::Failure&) {
    // It ends by itself.
  }
}

bool Tokens::is_renewed_elsewhere() const {
  const auto stored = host_.secret(kRenewal);
  const auto left = to_number(stored) - host_.now_ms();
  return stored != announced_ && left > 0 && left < kLongestRenewalMs;
}

void Tokens::forget() {
  access_.clear();
  refresh_.clear();
  for (const auto* name : {kRefresh, kAccess, kExpires, kRenewal}) host_.store_secret(name, {});
}

}  // namespace muster::hubspot
