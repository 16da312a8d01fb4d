#include "simulator/oauth_api.hpp"

#include <sodium.h>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <array>

namespace muster::simulator {
namespace {

SimResponse token_error(const std::string& status, const std::string& error,
                        const std::string& message) {
  return json_response(400, json::object{{"error", error},
                                         {"error_description", message},
                                         {"status", status},
                                         {"message", message}});
}

//! base64url of SHA-256, as RFC 7636 wants it.
std::string challenge_of(const std::string& verifier) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(verifier.data()),
                     verifier.size());
  std::array<char, 64> text{};
  sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text.data();
}

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : text) {
    html += c == '<' ? "&lt;" : c == '"' ? "&quot;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return html;
}

}  // namespace

std::string OAuthApi::fresh(const std::string& prefix) {
  return fmt::format("{}-{:08x}-{:016x}", prefix, next_++, account_.random()());
}

//! The consent page; a POST with decision=allow or deny answers it.
SimResponse OAuthApi::authorize(const SimRequest& request) {
  const auto asked = query(request.target);
  const auto redirect = field(asked, "redirect_uri");
  const bool loopback = redirect.rfind("http://localhost", 0) == 0;
  SimResponse response;
  const auto refuse = [&](const std::string& why) {
    response.status = 400;
    response.headers.emplace_back("Content-Type", "text/html");
    response.body = "<html><body><h1>Authorization failed</h1><p>" + why + "</p></body></html>";
    return response;
  };
  if (field(asked, "client_id") != app_.client_id) return refuse("unknown client_id");
  if (!loopback && redirect.rfind("https://", 0) != 0) return refuse("redirect_uri not allowed");
  std::set<std::string> scopes;
  const auto scope_text = field(asked, "scope");
  std::string word;
  for (const char c : scope_text + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      scopes.insert(std::exchange(word, {}));
    }
  }
  if (scopes != app_.scopes) return refuse("the scopes do not match the app's configuration");

  auto decision = field(asked, "decision");
  if (request.method == "POST") decision = field(fields(request.body), "decision");
  if (decision.empty()) {
    response.headers.emplace_back("Content-Type", "text/html");
    response.body = "<html><body><h1>Connect app</h1><form method=\"POST\" action=\"" +
                    escaped(request.target) +
                    "\"><button name=\"decision\" value=\"allow\">Connect app</button>"
                    "<button name=\"decision\" value=\"deny\">Cancel</button></form></body></html>";
    return response;
  }
  std::string location = redirect;
  if (decision == "allow") {
    const auto code = fresh("code");
    codes_[code] = {redirect, field(asked, "code_challenge"), false};
    location += "?code=" + encoded(code);
  } else {
    location += "?error=access_denied&error_description=The%20user%20denied%20access";
  }
  location += "&state=" + encoded(field(asked, "state"));
  response.status = 302;
  response.headers.emplace_back("Location", location);
  return response;
}

std::optional<SimResponse> OAuthApi::refuse_client(
    const std::multimap<std::string, std::string>& form) {
  if (field(form, "client_id") != app_.client_id) {
    return token_error("BAD_CLIENT_ID", "invalid_client", "missing or unknown client id");
  }
  if (field(form, "client_secret") != app_.client_secret) {
    return token_error("BAD_CLIENT_SECRET", "invalid_client", "missing or invalid client secret");
  }
  return std::nullopt;
}

SimResponse OAuthApi::token(const SimRequest& request) {
  const auto form = fields(request.body);
  if (auto refused = refuse_client(form)) return *refused;
  const auto grant = field(form, "grant_type");
  if (grant == "authorization_code") return exchange(form);
  if (grant == "refresh_token") return refresh(form);
  return token_error("BAD_GRANT_TYPE", "unsupported_grant_type", "unknown grant type");
}

SimResponse OAuthApi::exchange(const std::multimap<std::string, std::string>& form) {
  const auto found = codes_.find(field(form, "code"));
  if (found == codes_.end() || found->second.used) {
    return token_error("BAD_AUTH_CODE", "invalid_grant", "missing or unknown auth code");
  }
  auto& code = found->second;
  if (code.redirect_uri != field(form, "redirect_uri")) {
    return token_error("BAD_REDIRECT_URI", "invalid_request", "redirect uri does not match");
  }
  const auto verifier = field(form, "code_verifier");
  if (!code.challenge.empty() && challenge_of(verifier) != code.challenge) {
    return token_error("BAD_CODE_VERIFIER", "invalid_grant", "code verifier does not match");
  }
  code.used = true;
  const auto refresh_token = fresh("na1");
  refresh_.insert(refresh_token);
  return issue(refresh_token);
}

SimResponse OAuthApi::refresh(const std::multimap<std::string, std::string>& form) {
  auto token = field(form, "refresh_token");
  if (!refresh_.contains(token)) {
    return token_error("BAD_REFRESH_TOKEN", "invalid_grant", "missing or unknown refresh token");
  }
  if (switches_.rotate_refresh_tokens) {
    refresh_.erase(token);
    token = fresh("na1");
    refresh_.insert(token);
  }
  return issue(token);
}

SimResponse OAuthApi::issue(const std::string& refresh_token) {
  const auto access = fresh("access");
  const auto seconds = switches_.access_token_seconds;
  access_[access] = {clock_.now() + Milliseconds{seconds * 1000}, app_.scopes, false};
  json::array scopes;
  for (const auto& scope : app_.scopes) scopes.emplace_back(scope);
  return json_response(200, json::object{{"token_type", "bearer"},
                                         {"access_token", access},
                                         {"refresh_token", refresh_token},
                                         {"expires_in", seconds},
                                         {"hub_id", account_.portal_id},
                                         {"scopes", scopes},
                                         {"token_use", "access_token"}});
}

SimResponse OAuthApi::introspect(const SimRequest& request) {
  const auto form = fields(request.body);
  if (auto refused = refuse_client(form)) return *refused;
  const auto token = field(form, "token");
  const auto access = access_.find(token);
  const bool live = access != access_.end() && access->second.expires > clock_.now();
  const bool is_refresh = refresh_.contains(token);
  if (!live && !is_refresh) return json_response(200, json::object{{"active", false}});
  json::array scopes;
  for (const auto& scope : live ? access->second.scopes : app_.scopes) scopes.emplace_back(scope);
  json::object body{{"active", true},
                    {"token", token},
                    {"hub_id", account_.portal_id},
                    {"user_id", 2},
                    {"client_id", app_.client_id},
                    {"app_id", 3},
                    {"user", "admin@" + account_.domain},
                    {"hub_domain", account_.domain},
                    {"scopes", scopes},
                    {"token_use", live ? "access_token" : "refresh_token"},
                    {"token_type", "Bearer"}};
  if (live) {
    body["expires_in"] =
        std::chrono::duration_cast<std::chrono::seconds>(access->second.expires - clock_.now())
            .count();
  }
  return json_response(200, body);
}

SimResponse OAuthApi::revoke(const SimRequest& request) {
  const auto form = fields(request.body);
  if (auto refused = refuse_client(form)) return *refused;
  // Access tokens that were issued keep working until they expire.
  refresh_.erase(field(form, "token"));
  return json_response(200, json::object{});
}

SimResponse OAuthApi::uninstall(const SimRequest& request) {
  if (auto refused = refuse(request, {"oauth"})) return *refused;
  uninstall_app();
  SimResponse response;
  response.status = 204;
  return response;
}

void OAuthApi::uninstall_app() {
  refresh_.clear();
  if (switches_.access_token_survives_uninstall) return;
  std::erase_if(access_, [](const auto& entry) { return !entry.second.is_static; });
}

void OAuthApi::add_static_token(const std::string& token, std::set<std::string> scopes) {
  access_[token] = {Instant::max(), std::move(scopes), true};
}

void OAuthApi::expire_access_tokens() {
  for (auto& [token, access] : access_) {
    if (!access.is_static) access.expires = clock_.now() - Milliseconds{75'000};
  }
}

void OAuthApi::withdraw_scope(const std::string& scope) {
  for (auto& [token, access] : access_) access.scopes.erase(scope);
  app_.scopes.erase(scope);
}

SimResponse OAuthApi::unauthenticated() {
  auto response =
      error_response(401, "INVALID_AUTHENTICATION",
                     "Authentication credentials not found. This API supports OAuth 2.0 "
                     "authentication and you can find more details at "
                     "https://developers.hubspot.com/docs/methods/auth/oauth-overview");
  response.headers.emplace_back("x-hubspot-auth-failure", "401 Unauthorized");
  return response;
}

SimResponse OAuthApi::unreadable_token() {
  return error_response(
      401, "EXPIRED_AUTHENTICATION",
      "The OAuth token used to make this call expired 20705 day(s) ago.",
      {{"context", json::object{{"expire time", json::array{"1970-01-01T00:00:00Z"}}}}});
}

std::optional<SimResponse> OAuthApi::refuse(const SimRequest& request,
                                            const std::vector<std::string>& scopes) {
  const auto header = std::string(request.header("authorization"));
  if (header.rfind("Bearer ", 0) != 0) {
    return unauthenticated();
  }
  const auto token = header.substr(7);
  const auto found = access_.find(token);
  if (found == access_.end()) {
    // Issued once and gone: the app was uninstalled. Never issued: HubSpot can't read it (§2.5).
    if (token.rfind("access-", 0) == 0) {
      return error_response(401, "INVALID_AUTHENTICATION", "The app is not installed any more.");
    }
    return unreadable_token();
  }
  const auto& access = found->second;
  if (access.expires <= clock_.now()) {
    const auto ago =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - access.expires).count();
    return error_response(
        401, "EXPIRED_AUTHENTICATION",
        fmt::format("The OAuth token used to make this call expired {} second(s) ago.", ago),
        {{"context", json::object{{"expire time", json::array{timestamp(access.expires)}}}}});
  }
  std::vector<std::string> missing;
  for (const auto& scope : scopes) {
    if (!access.scopes.contains(scope)) missing.push_back(scope);
  }
  if (!missing.empty()) return missing_scopes(missing);
  return std::nullopt;
}

}  // namespace muster::simulator
