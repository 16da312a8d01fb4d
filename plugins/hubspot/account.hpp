// Connecting a HubSpot account: the consent page, the exchange of its code, who the account is,
// and taking leave (hubspot/api.md §2, §3). One thread.
#pragma once

#include <string>

#include "api.hpp"

namespace muster::hubspot {

//! The scopes that syncing lists needs (§2.6), separated by spaces.
extern const char* const kScopes;

//! The address of the consent page for MUSTER_AUTH_BEGIN.
std::string consent_url(const HubSpotSettings& settings, const muster_auth_request& request);

//! Exchanges the code for tokens, which are in use and not yet stored. Throws Failure.
void exchange_code(Api& api, const muster_auth_request& request);

//! Asks who we are, and tells `sink`. Throws Failure.
void tell_account(Api& api, const sdk::Host& host, const muster_auth_sink& sink);

//! Revokes the refresh token and forgets all tokens. A grant that is gone already is no failure.
void revoke_tokens(Api& api);

//! Removes the app from the account, then revokes. Throws Failure NOT_SUPPORTED with a static
//! token.
void uninstall_app(Api& api);

}  // namespace muster::hubspot
