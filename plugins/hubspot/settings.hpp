// The settings of a HubSpot connection (design: cli-and-config.md), checked. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "muster/destination.hpp"

namespace muster::hubspot {

//! How identifiers become records: which call comes first.
enum class Resolve {
  kAuto,         //!< read first, create first once many are missing
  kReadFirst,    //!< look for the contact, create those that are missing
  kCreateFirst,  //!< create, and learn existing ids from the conflicts
};

struct HubSpotSettings {
  std::string api_base = "https://api.hubapi.com";
  std::string app_base = "https://app.hubspot.com";
  std::string api_version = "2026-09";
  Resolve resolve = Resolve::kAuto;
  bool adopt_list = false;
  std::size_t membership_chunk = 10'000;  //!< 1 to 10,000 ids in a call, the largest
  std::string client_id;
  std::string client_secret;
  std::string token;  //!< static; empty with OAuth

  bool uses_oauth() const noexcept { return token.empty(); }
};

//! Throws Failure MUSTER_BAD_CONFIG that names the key.
HubSpotSettings read_settings(const sdk::Settings& settings);

}  // namespace muster::hubspot
