// Times as people write them on the command line. Pure but for the time zone.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace muster::cli {

//! "2026-11-23", "2026-11-23T14:05" or "2026-11-23 14:05" (local), "…Z" (UTC); "3d", "12h", "30m":
//! so long before `now`. Throws Error kUsage that names `option`.
Instant parse_time(const std::string& text, const std::string& option, Instant now);

}  // namespace muster::cli
