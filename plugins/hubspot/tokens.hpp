// The credentials of a connection: a static token, or OAuth tokens that are refreshed ahead of
// their expiry and kept as the host's secrets (hubspot/api.md §2). One thread.
#pragma once

#include <cstdint>
#include <string>

#include "json.hpp"
#include "muster/destination.hpp"
#include "settings.hpp"

namespace muster::hubspot {

class Tokens {
 public:
  Tokens(const sdk::Host& host, const HubSpotSettings& settings);

  //! Reads what is stored; throws Failure UNAUTHENTICATED when there is nothing.
  void load();
  bool is_static() const noexcept { return !settings_.uses_oauth(); }
  //! For the Authorization header.
  const std::string& access_token() const noexcept { return access_; }
  const std::string& refresh_token() const noexcept { return refresh_; }
  //! Whether it is near its expiry; never with a static token.
  bool is_due() const;

  //! The form that exchanges the refresh token.
  std::string refresh_form() const;
  //! Uses what a token answer (§2.2) holds; throws Failure when it holds none.
  void take(const json::value& answer);
  //! Stores the tokens in use as the host's secrets.
  void keep();
  //! Both.
  void store(const json::value& answer);
  //! Whether another process stored other tokens since `load`; they are then in use here.
  bool reload();
  void forget();

  //! Tells the other processes that use the connection that this one renews its tokens, by a
  //! request of at most so long; kept as a secret of the host's.
  void announce_renewal(std::int64_t timeout_ms);
  void end_renewal();
  //! Whether another process's announcement stands: it has the tokens stored soon, or has died.
  bool is_renewed_elsewhere() const;

 private:
  const sdk::Host host_;
  const HubSpotSettings& settings_;
  std::string access_;
  std::string refresh_;
  std::int64_t expires_at_ms_ = 0;
  std::int64_t due_at_ms_ = 0;  //!< to be renewed
  std::string announced_;       //!< what this process stored, to tell it from another's
};

//! "a=b&c=d", percent-encoded; secrets go into bodies, never into addresses.
std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

//! Why a token answer (HTTP 4xx) refused, as a Failure: the grant is gone, or our configuration is
//! wrong, which must not look like the former (§2.3); or it does not say.
sdk::Failure token_failure(const json::value& answer, int http_status);

}  // namespace muster::hubspot
