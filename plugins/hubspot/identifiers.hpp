// Canonical e-mail addresses and contact ids. Pure, no allocation but the result.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::hubspot {

//! Trimmed and lower-cased (A-Z only), or nothing when it is not an address that HubSpot could
//! take: one '@'; a dot-atom of 1 to 64 characters before it; at least two labels of letters,
//! digits and inner hyphens after it, the last of two letters or more, or xn--…; 254 in all.
std::optional<std::string> canonical_email(std::string_view value);

//! Trimmed, leading zeros dropped: a decimal from 1 to 2^63 - 1, or nothing.
std::optional<std::string> canonical_contact_id(std::string_view value);

//! A-Z lower-cased: HubSpot compares addresses without regard to case (hubspot/api.md §4.6).
std::string lower_case(std::string_view text);

}  // namespace muster::hubspot
