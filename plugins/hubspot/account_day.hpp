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

//! An instant by the clock that HubSpot's answers tell, or by this machine's, which may differ.
struct Moment {
  std::int64_t ms = 0;
  bool is_hubspots = false;

  //! HubSpot's answers tell whole seconds, and it has more than one machine.
  std::int64_t uncertainty_ms() const { return is_hubspots ? 2'000 : 5 * 60'000; }
  //! Than an instant that HubSpot tells.
  bool is_surely_after(std::int64_t hubspots_ms) const {
    return hubspots_ms + uncertainty_ms() < ms;
  }
};

//! Milliseconds since 1970 of an answer's Date header (RFC 9110 §5.6.7); nothing when it is none.
std::optional<std::int64_t> http_date_ms(std::string_view text);

//! Milliseconds since 1970 of an instant as HubSpot writes it; nothing when `text` is none.
std::optional<std::int64_t> instant_ms(std::string_view text);

}  // namespace muster::hubspot
