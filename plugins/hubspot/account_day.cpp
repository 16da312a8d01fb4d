#include "account_day.hpp"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <chrono>

namespace muster::hubspot {

std::int64_t AccountDay::until_midnight_ms(std::int64_t now_ms) const {
  using std::chrono::milliseconds;
  using std::chrono::system_clock;
  cctz::time_zone zone;
  if (time_zone.empty() || !cctz::load_time_zone(time_zone, &zone)) {
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    // The offset is HubSpot's word for it: any number.
    const auto local = now_ms % kDayMs + utc_offset_ms % kDayMs;
    return kDayMs - (local % kDayMs + kDayMs) % kDayMs;
  }
  const system_clock::time_point now{milliseconds{now_ms}};
  const auto today = cctz::civil_day(cctz::convert(now, zone));
  // Where a change of the clock skips midnight, the day begins at the first instant after it.
  const auto tomorrow = cctz::convert(cctz::civil_second(today + 1), zone);
  return std::chrono::duration_cast<milliseconds>(tomorrow - now).count();
}

namespace {

std::optional<std::int64_t> parsed_ms(const char* form, std::string_view text) {
  cctz::time_point<std::chrono::milliseconds> instant;
  if (!cctz::parse(form, std::string(text), cctz::utc_time_zone(), &instant)) return std::nullopt;
  return instant.time_since_epoch().count();
}

}  // namespace

std::optional<std::int64_t> http_date_ms(std::string_view text) {
  return parsed_ms("%a, %d %b %Y %H:%M:%S GMT", text);
}

std::optional<std::int64_t> instant_ms(std::string_view text) {
  return parsed_ms("%Y-%m-%dT%H:%M:%E*S%Ez", text);
}

}  // namespace muster::hubspot
