// When a sync runs by itself: `manual`, `hourly`, `daily`, `daily at 06:30`, `every 15m`,
// `cron "…"` (five fields, as crontab(5)). Times of day are the machine's local time. Pure.
#pragma once

#include <time.h>

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"

namespace muster {

class Cadence {
 public:
  //! Throws Error kUsage with examples; the caller adds the place.
  static Cadence parse(std::string_view text);

  //! The first instant after `after` at which to run; nothing for `manual`. `last` is the start of
  //! the run before, from which intervals are counted; nothing: never ran.
  std::optional<Instant> next(Instant after, std::optional<Instant> last) const;
  //! How often it comes in the fullest month, of 31 days; 0 for `manual`.
  std::size_t most_in_a_month() const;

 private:
  struct Manual {};
  struct Every {
    Milliseconds interval;
  };
  //! Minutes, hours, days, months and weekdays at which to run.
  struct Times {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;
    std::bitset<13> months;
    std::bitset<8> weekdays;
    bool any_day = true;
    bool any_weekday = true;
    //! Times of day are meant, rather than intervals: each is met once a day, whatever the clock
    //! does.
    bool has_fixed_hours() const { return !hours.all(); }
  };
  static Times parse_cron(std::string_view text);
  static bool fits_day(const Times& times, const tm& at);
  static bool fits_time(const Times& times, int hour, int minute);
  static bool left_out_a_time(const Times& times, const tm& was, const tm& now);
  static std::optional<Instant> next_time(const Times& times, Instant after);

  std::variant<Manual, Every, Times> when_;
};

}  // namespace muster
