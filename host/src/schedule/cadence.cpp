#include "schedule/cadence.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr Milliseconds kShortestInterval{60'000};

Error refused(std::string_view text, const char* why) {
  return Error(ErrorKind::kUsage, "config.cadence", fmt::format("the cadence '{}' {}", text, why))
      .with_hint("use manual, hourly, daily, daily at 06:30, every 15m, or cron \"30 6 * * 1-5\"");
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

//! One field of a cron expression: "*", "5", "1-5", "*/15", and lists of these.
template <std::size_t N>
bool read_field(std::string_view field, int least, int most, std::bitset<N>& set) {
  for (auto part : split(field, ',')) {
    int step = 1;
    if (const auto slash = part.find('/'); slash != std::string_view::npos) {
      const auto given = number(part.substr(slash + 1));
      if (!given || *given < 1) return false;
      step = *given;
      part = part.substr(0, slash);
    }
    int from = least;
    int to = most;
    if (part != "*") {
      const auto dash = part.find('-');
      const auto first = number(part.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
      if (!first || !last || *first < least || *last > most || *first > *last) return false;
      from = *first;
      to = dash == std::string_view::npos && step > 1 ? most : *last;
    }
    for (int value = from; value <= to; value += step) set.set(static_cast<std::size_t>(value));
  }
  return true;
}

}  // namespace

Cadence::Times Cadence::parse_cron(std::string_view text) {
  const auto bad = [&] { return refused(text, "is no cron expression of five fields"); };
  std::vector<std::string_view> fields;
  for (const auto part : split(text, ' ')) {
    if (!part.empty()) fields.push_back(part);
  }
  if (fields.size() != 5) throw bad();
  Times times;
  const bool good =
      read_field(fields[0], 0, 59, times.minutes) && read_field(fields[1], 0, 23, times.hours) &&
      read_field(fields[2], 1, 31, times.days) && read_field(fields[3], 1, 12, times.months) &&
      read_field(fields[4], 0, 7, times.weekdays);
  if (!good) throw bad();
  if (times.weekdays.test(7)) times.weekdays.set(0);  // Sunday has two numbers
  times.any_day = fields[2] == "*";
  times.any_weekday = fields[4] == "*";
  if (!next_time(times, Instant{})) throw refused(text, "never comes to pass");
  return times;
}

Cadence Cadence::parse(std::string_view text) {
  Cadence cadence;
  if (text == "manual") return cadence;
  if (text == "hourly") {
    cadence.when_ = Every{std::chrono::hours(1)};
    return cadence;
  }
  if (text == "daily") {
    cadence.when_ = Every{std::chrono::hours(24)};
    return cadence;
  }
  constexpr std::string_view kDailyAt = "daily at ";
  if (text.starts_with(kDailyAt)) {
    const auto time = text.substr(kDailyAt.size());
    const auto hour = number(time.substr(0, std::min<std::size_t>(2, time.size())));
    const bool formed = time.size() == 5 && time[2] == ':';
    const auto minute = formed ? number(time.substr(3)) : std::nullopt;
    if (!hour || !minute || *hour > 23 || *minute > 59) {
      throw refused(text, "has no time of day such as 06:30");
    }
    cadence.when_ = parse_cron(fmt::format("{} {} * * *", *minute, *hour));
    return cadence;
  }
  constexpr std::string_view kEvery = "every ";
  if (text.starts_with(kEvery) && text.size() > kEvery.size() + 1) {
    const auto amount = number(text.substr(kEvery.size(), text.size() - kEvery.size() - 1));
    const auto unit = text.back();
    if (!amount || *amount < 1 || *amount > 100'000 ||
        (unit != 'm' && unit != 'h' && unit != 'd')) {
      throw refused(text, "has no interval such as 15m, 6h or 2d");
    }
    const auto minutes = static_cast<std::int64_t>(*amount) * (unit == 'm'   ? 1
                                                               : unit == 'h' ? 60
                                                                             : 24 * 60);
    cadence.when_ = Every{std::max<Milliseconds>(kShortestInterval, std::chrono::minutes(minutes))};
    return cadence;
  }
  constexpr std::string_view kCron = "cron ";
  if (text.starts_with(kCron)) {
    auto expression = text.substr(kCron.size());
    if (expression.size() >= 2 && expression.front() == '"' && expression.back() == '"') {
      expression = expression.substr(1, expression.size() - 2);
    }
    cadence.when_ = parse_cron(expression);
    return cadence;
  }
  throw refused(text, "is not known");
}

std::optional<Instant> Cadence::next(Instant after, std::optional<Instant> last) const {
  if (const auto* every = std::get_if<Every>(&when_)) {
    return std::max(after, last ? *last + every->interval : after);
  }
  if (const auto* times = std::get_if<Times>(&when_)) return next_time(*times, after);
  return std::nullopt;
}

//! Steps through local time: months and days that do not fit are skipped whole.
std::optional<Instant> Cadence::next_time(const Times& times, Instant after) {
  const auto start = std::chrono::system_clock::to_time_t(after) + 60;
  tm at{};
  ::localtime_r(&start, &at);
  at.tm_sec = 0;
  const int last_year = at.tm_year + 9;  // past any 29th of February
  while (at.tm_year < last_year) {
    at.tm_isdst = -1;
    const auto moment = ::mktime(&at);  // also brings the fields back into their ranges
    const bool day = times.days.test(static_cast<std::size_t>(at.tm_mday));
    const bool weekday = times.weekdays.test(static_cast<std::size_t>(at.tm_wday));
    // As crontab(5): when both are given, either will do.
    const bool day_fits = times.any_day || times.any_weekday ? day && weekday : day || weekday;
    if (!times.months.test(static_cast<std::size_t>(at.tm_mon + 1)) || !day_fits) {
      ++at.tm_mday;
      at.tm_hour = at.tm_min = 0;
    } else if (!times.hours.test(static_cast<std::size_t>(at.tm_hour))) {
      ++at.tm_hour;
      at.tm_min = 0;
    } else if (!times.minutes.test(static_cast<std::size_t>(at.tm_min))) {
      ++at.tm_min;
    } else {
      const Instant found{std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(moment))};
      if (found > after) return found;
      ++at.tm_min;
    }
  }
  return std::nullopt;
}

}  // namespace muster
