// Connecting through the simulated consent page.
#pragma once

#include <string>

#include "destination/destination.hpp"
#include "simulator/hubspot.hpp"

namespace muster::testing {

inline constexpr const char* kRedirect = "http://localhost:8976/oauth/callback";
inline constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
inline constexpr const char* kClient =
    "&client_id=simulated-client-id&client_secret=simulated-client-secret";

//! As a person who grants the access does.
inline void connect(Destination& destination, simulator::HubSpot& hubspot) {
  const auto url = destination.begin_authorization(kRedirect, "state", kChallenge);
  simulator::SimRequest consent;
  consent.method = "POST";
  consent.target = url.substr(url.find("/oauth/"));
  consent.body = "decision=allow";
  const auto location = hubspot.handle(consent).headers.front().second;
  const auto begin = location.find("code=") + 5;
  destination.complete_authorization(
      kRedirect, location.substr(begin, location.find('&', begin) - begin), kVerifier);
}

}  // namespace muster::testing
