// When an account's day ends: HubSpot's daily quota starts afresh at midnight in the account's time
// zone (hubspot/api.md §7), which daylight saving moves. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace muster::hubspot {

struct AccountDay {
  std::string time_zone;           //!< IANA name, as HubSpot tells it
  std::int64_t utc_offset_ms = 0;  //!< as of the last check; used where the zone is not known here

  //! More than 0.
  std::int64_t until_midnight_ms(std::int64_t now_ms) const;
};

}  // namespace muster::hubspot
