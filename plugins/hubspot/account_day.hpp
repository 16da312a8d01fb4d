// Instants, and when an account's day ends: HubSpot's daily quota starts afresh at midnight in the
// account's time zone (hubspot/api.md §7), which daylight saving moves. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::hubspot {

struct AccountDay {
  std::string time_zone;           //!< IANA name, as HubSpot tells it
  std::int64_t utc_offset_ms = 0;  //!< as of the last check; used where the zone is not known here

  //! More than 0.
  std::int64_t until_midnight_ms(std::int64_t now_ms) const;
};

//! HubSpot's clock and this machine's may differ by so much.
inline constexpr std::int64_t kClocksDifferMs = 5 * 60'000;

//! Milliseconds since 1970 of an instant as HubSpot writes it; nothing when `text` is none.
std::optional<std::int64_t> instant_ms(std::string_view text);

}  // namespace muster::hubspot
