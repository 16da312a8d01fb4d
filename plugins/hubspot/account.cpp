#include "account.hpp"

namespace muster::hubspot {
namespace {

//! Texts that end up in addresses and on terminals.
std::string plain(std::string_view text) {
  std::string kept;
  for (const char c : text.substr(0, 200)) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '<' && c != '>') kept += c;
  }
  return kept;
}

Answer post_form(Api& api, Path path, std::string body) {
  Request request;
  request.method = "POST";
  request.path = api.path_to(path);
  request.body = std::move(body);
  request.kind = Request::Kind::kForm;
  request.credentials = Request::Credentials::kNone;
  request.not_found = Request::NotFound::kWrongVersion;
  return api.call(std::move(request));
}

sdk::Failure not_now(const Answer& answer, const char* what) {
  const auto said = answer.status > 0
                        ? std::string("HubSpot could not ") + what + " now (" + told(answer) + ")"
                        : std::string("no answer came from HubSpot, which was to ") + what;
  return {MUSTER_UNAVAILABLE, "hubspot.unavailable", said, "try again in a moment"};
}

std::string joined(const json::array& scopes) {
  std::string text;
  for (const auto& scope : scopes) {
    const auto word = code_word(id_of(scope));
    if (!word.empty()) text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

//! What only introspection tells: the account's domain, and the scopes that were granted.
struct Grant {
  std::string domain;
  std::string scopes;
};

Grant granted(Api& api) {
  if (api.tokens().is_static()) return {};
  const auto answer = post_form(api, Path::kIntrospect,
                                form({{"client_id", api.settings().client_id},
                                      {"client_secret", api.settings().client_secret},
                                      {"token", api.tokens().access_token()},
                                      {"token_type_hint", "access_token"}}));
  api.throw_if_ended();
  if (answer.fate != Fate::kOk) return {};
  const auto* scopes = array_at(answer.body, "scopes");
  return {plain(text_at(answer.body, "hub_domain")), scopes == nullptr ? "" : joined(*scopes)};
}

}  // namespace

const char* const kScopes =
    "oauth crm.objects.contacts.read crm.objects.contacts.write crm.lists.read crm.lists.write";

std::string consent_url(const HubSpotSettings& settings, const muster_auth_request& request) {
  if (!settings.uses_oauth()) {
    throw sdk::Failure(MUSTER_NOT_SUPPORTED, "hubspot.static_token",
                       "the connection uses a static token: there is nothing to authorize");
  }
  return settings.app_base + "/oauth/authorize?" +
         form({{"client_id", settings.client_id},
               {"redirect_uri", sdk::view(request.redirect_uri)},
               {"scope", kScopes},
               {"state", sdk::view(request.state)},
               {"code_challenge", sdk::view(request.code_challenge)},
               {"code_challenge_method", "S256"}});
}

void exchange_code(Api& api, const muster_auth_request& request) {
  const auto answer = post_form(api, Path::kToken,
                                form({{"grant_type", "authorization_code"},
                                      {"client_id", api.settings().client_id},
                                      {"client_secret", api.settings().client_secret},
                                      {"redirect_uri", sdk::view(request.redirect_uri)},
                                      {"code", sdk::view(request.code)},
                                      {"code_verifier", sdk::view(request.code_verifier)}}));
  api.throw_if_ended();
  // Not stored before it is known whose they are: a crash here leaves the former tokens.
  if (answer.fate == Fate::kOk) return api.tokens().take(answer.body);
  if (answer.status >= 400 && answer.status < 500) throw token_failure(answer.body, answer.status);
  throw not_now(answer, "exchange the code");
}

void tell_account(Api& api, const sdk::Host& host, const muster_auth_sink& sink) {
  api.tokens().load();
  Request request;
  request.path = api.path_to(Path::kAccount);
  request.not_found = Request::NotFound::kWrongVersion;
  const auto answer = api.call(std::move(request));
  api.throw_if_ended();
  const auto id = code_word(id_at(answer.body, "portalId"));
  if (answer.fate != Fate::kOk || id.empty()) throw not_now(answer, "tell which account it is");
  const auto grant = granted(api);
  AccountDay day;
  day.time_zone = plain(text_at(answer.body, "timeZone"));
  if (const auto* offset = find(answer.body, "utcOffsetMilliseconds")) {
    if (const auto* ms = offset->if_int64()) day.utc_offset_ms = *ms;
  }
  host.store_secret("time_zone", day.time_zone);
  host.store_secret("utc_offset_ms", std::to_string(day.utc_offset_ms));
  api.set_day(std::move(day));
  auto ui = plain(text_at(answer.body, "uiDomain"));
  if (ui.empty()) ui = "app.hubspot.com";
  const auto page = "https://" + ui + "/contacts/" + id;
  const auto record_url = page + "/record/0-1/{id}";
  const auto list_url = page + "/objectLists/{id}";
  const auto zone = plain(text_at(answer.body, "timeZone"));
  const auto name = grant.domain.empty() ? "HubSpot account " + id : grant.domain;
  muster_account account{};
  account.struct_size = sizeof account;
  account.id = sdk::text(id);
  account.name = sdk::text(name);
  account.domain = sdk::text(grant.domain);
  account.time_zone = sdk::text(zone);
  account.scopes = sdk::text(grant.scopes);
  account.url = sdk::text(page);
  account.record_url = sdk::text(record_url);
  account.audience_url = sdk::text(list_url);
  sink.account(sink.context, &account);
}

void revoke_tokens(Api& api) {
  if (api.tokens().is_static()) return;
  try {
    api.tokens().load();
  } catch (const sdk::Failure&) {
    return;  // nothing to revoke
  }
  // Else the successor of what is revoked here would stay good.
  api.wait_for_others();
  api.throw_if_ended();
  const auto answer = post_form(api, Path::kRevoke,
                                form({{"client_id", api.settings().client_id},
                                      {"client_secret", api.settings().client_secret},
                                      {"token", api.tokens().refresh_token()},
                                      {"token_type_hint", "refresh_token"}}));
  api.throw_if_ended();
  // Whatever else a 400 says of the token: it is good for nothing. Our own fault is told.
  if (text_at(answer.body, "status").starts_with("BAD_CLIENT"))
    throw token_failure(answer.body, answer.status);
  const bool gone_already = answer.status == 400 || answer.status == 404;
  if (answer.fate != Fate::kOk && !gone_already) throw not_now(answer, "revoke the access");
  api.tokens().forget();
}

void uninstall_app(Api& api) {
  if (api.tokens().is_static()) {
    throw sdk::Failure(MUSTER_NOT_SUPPORTED, "hubspot.static_token",
                       "a static token belongs to no app that could be uninstalled",
                       "delete the token in HubSpot (Development > Keys) to end its access");
  }
  try {
    api.tokens().load();
  } catch (const sdk::Failure&) {
    return;
  }
  Request request;
  request.method = "DELETE";
  request.path = api.path_to(Path::kUninstall);
  const auto answer = api.call(std::move(request));
  try {
    api.throw_if_ended();
    if (answer.fate != Fate::kOk) throw not_now(answer, "uninstall the app");
  } catch (const sdk::Failure& failure) {
    if (failure.status() != MUSTER_UNAUTHENTICATED) throw;
    throw sdk::Failure(
        MUSTER_NOT_SUPPORTED, "hubspot.no_access",
        "HubSpot takes no token of the connection any more, so that the app can't be "
        "uninstalled from here; it may have been uninstalled in HubSpot before",
        "where the account still shows it (Settings > Integrations > Connected "
        "Apps), uninstall it there");
  }
  revoke_tokens(api);
}

}  // namespace muster::hubspot
