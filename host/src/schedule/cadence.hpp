// When a sync runs by itself: `manual`, `hourly`, `daily`, `daily at 06:30`, `every 15m`,
// `cron "…"` (five fields, as crontab(5)). Times of day are the machine's local time. Pure.
#pragma once

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
  };
  static Times parse_cron(std::string_view text);
  static std::optional<Instant> next_time(const Times& times, Instant after);

  std::variant<Manual, Every, Times> when_;
};

}  // namespace muster
