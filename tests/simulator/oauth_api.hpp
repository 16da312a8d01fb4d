// OAuth of the simulated HubSpot: the consent page, tokens, introspection, revocation, scopes
// (hubspot/api.md §2).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulator/account.hpp"
#include "simulator/errors.hpp"
#include "simulator/json_fields.hpp"
#include "simulator/switches.hpp"

namespace muster::simulator {

struct App {
  std::string client_id = "simulated-client-id";
  std::string client_secret = "simulated-client-secret";
  std::set<std::string> scopes{"oauth", "crm.objects.contacts.read", "crm.objects.contacts.write",
                               "crm.lists.read", "crm.lists.write"};
};

class OAuthApi {
 public:
  OAuthApi(const Clock& clock, Account& account, const Switches& switches)
      : clock_(clock), account_(account), switches_(switches) {}

  SimResponse authorize(const SimRequest& request);
  SimResponse token(const SimRequest& request);
  SimResponse introspect(const SimRequest& request);
  SimResponse revoke(const SimRequest& request);
  SimResponse uninstall(const SimRequest& request);

  //! Nothing when the request may pass; else the 401 or 403 that refuses it.
  std::optional<SimResponse> refuse(const SimRequest& request,
                                    const std::vector<std::string>& scopes);
  //! The 401 of a request without credentials, and that of a token which can't be read (§2.5).
  static SimResponse unauthenticated();
  static SimResponse unreadable_token();
  //! A token as of a private app or a service key.
  void add_static_token(const std::string& token, std::set<std::string> scopes);
  void expire_access_tokens();
  //! As a user does it in HubSpot.
  void uninstall_app();
  //! Takes a scope from all tokens there are.
  void withdraw_scope(const std::string& scope);
  App& app() { return app_; }

 private:
  struct Code {
    std::string redirect_uri, challenge;
    bool used = false;
  };
  struct AccessToken {
    Instant expires;
    std::set<std::string> scopes;
    bool is_static = false;
  };
  std::string fresh(const std::string& prefix);
  SimResponse issue(const std::string& refresh_token);
  SimResponse exchange(const std::multimap<std::string, std::string>& form);
  SimResponse refresh(const std::multimap<std::string, std::string>& form);
  std::optional<SimResponse> refuse_client(const std::multimap<std::string, std::string>& form);

  const Clock& clock_;
  Account& account_;
  const Switches& switches_;
  App app_;
  std::map<std::string, Code> codes_;
  std::map<std::string, AccessToken> access_;
  std::set<std::string> refresh_;
  std::uint64_t next_ = 1;
};

}  // namespace muster::simulator
