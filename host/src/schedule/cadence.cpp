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

tm local(time_t at) {
  tm fields{};
  ::localtime_r(&at, &fields);
  return fields;
}

//! Whether the clock showed this local time before, as in the hour that autumn repeats.
bool comes_again(time_t at, const tm& now) {
  for (const time_t shift : {3600, 1800}) {
    const tm earlier = local(at - shift);
    if (earlier.tm_hour == now.tm_hour && earlier.tm_min == now.tm_min &&
        earlier.tm_mday == now.tm_mday) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool Cadence::fits_day(const Times& times, const tm& at) {
  const bool day = times.days.test(static_cast<std::size_t>(at.tm_mday));
  const bool weekday = times.weekdays.test(static_cast<std::size_t>(at.tm_wday));
  if (!times.months.test(static_cast<std::size_t>(at.tm_mon + 1))) return false;
  // As crontab(5): when both are given, either will do.
  return times.any_day || times.any_weekday ? day && weekday : day || weekday;
}

bool Cadence::fits_time(const Times& times, int hour, int minute) {
  return times.hours.test(static_cast<std::size_t>(hour)) &&
         times.minutes.test(static_cast<std::size_t>(minute));
}

//! Whether the clock was set forward between the two, over a time of day that is meant: it is made
//! up for at once, as cron does.
bool Cadence::left_out_a_time(const Times& times, const tm& was, const tm& now) {
  const auto skipped = (now.tm_gmtoff - was.tm_gmtoff) / 60;
  if (skipped <= 0 || skipped > 180 || !times.has_fixed_hours() || !fits_day(times, now)) {
    return false;
  }
  const auto until = now.tm_hour * 60 + now.tm_min;
  for (auto minute = std::max<long>(0, until - skipped); minute < until; ++minute) {
    if (fits_time(times, static_cast<int>(minute / 60), static_cast<int>(minute % 60))) return true;
  }
  return false;
}

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

//! Steps through real minutes (through real hours where the day or the hour does not fit), so that
//! an hour that comes twice is met twice, and looks into hours that a change of the clock leaves
//! out.
std::optional<Instant> Cadence::next_time(const Times& times, Instant after) {
  auto before = std::chrono::system_clock::to_time_t(after) / 60 * 60;
  tm was = local(before);
  const int last_year = was.tm_year + 9;  // past any 29th of February
  for (auto at = before + 60;;) {
    const tm now = local(at);
    if (now.tm_year >= last_year) return std::nullopt;
    const bool fits = fits_day(times, now) && fits_time(times, now.tm_hour, now.tm_min);
    const bool is_due = fits && !(times.has_fixed_hours() && comes_again(at, now));
    if (is_due || left_out_a_time(times, was, now)) {
      return Instant{std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(at))};
    }
    was = now;
    const bool hour_fits =
        fits_day(times, now) && times.hours.test(static_cast<std::size_t>(now.tm_hour));
    at += hour_fits ? 60 : (60 - now.tm_min) * 60;
  }
}

std::size_t Cadence::most_in_a_month() const {
  constexpr Milliseconds kMonth = std::chrono::days(31);
  if (const auto* every = std::get_if<Every>(&when_)) {
    // Where the month begins with one.
    return static_cast<std::size_t>((kMonth + every->interval - Milliseconds{1}) / every->interval);
  }
  constexpr std::size_t kEnough = 50'000;  // more than there are minutes
  std::size_t most = 0;
  for (unsigned month = 1; month <= 12; ++month) {
    // A leap year: every day that a cadence may name is there.
    const auto first = std::chrono::year(2028) / static_cast<int>(month) / 1;
    const Instant begin{std::chrono::sys_days(first)};
    const auto end = begin + kMonth;
    std::size_t count = 0;
    for (auto at = next(begin, begin); at && *at <= end && count < kEnough; at = next(*at, *at)) {
      ++count;
    }
    most = std::max(most, count);
  }
  return most;
}

}  // namespace muster
