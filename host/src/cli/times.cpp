#include "cli/times.hpp"

#include <fmt/format.h>
#include <time.h>

#include <charconv>

#include "base/error.hpp"

namespace muster::cli {
namespace {

Error not_a_time(const std::string& text, const std::string& option) {
  return Error(ErrorKind::kUsage, "cli.time", fmt::format("{} '{}' is no time", option, text))
      .with_hint("write 2026-11-23, 2026-11-23T14:05, or 3d, 12h, 30m for so long ago");
}

std::optional<Milliseconds> unit(char letter) {
  switch (letter) {
    case 'd':
      return std::chrono::hours(24);
    case 'h':
      return std::chrono::hours(1);
    case 'm':
      return std::chrono::minutes(1);
    default:
      return std::nullopt;
  }
}

std::optional<Milliseconds> so_long_ago(const std::string& text) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto length = text.empty() ? std::nullopt : unit(text.back());
  if (!length) return std::nullopt;
  std::int64_t count = 0;
  const auto* end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, count);
  if (parsed.ec != std::errc{} || parsed.ptr != end || count < 0 || count > kMost) {
    return std::nullopt;
  }
  return *length * count;
}

}  // namespace

Instant parse_time(const std::string& text, const std::string& option, Instant now) {
  if (const auto ago = so_long_ago(text)) return now - *ago;
  for (const auto* form : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%S",
                           "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    struct tm parts {};
    const auto* end = ::strptime(text.c_str(), form, &parts);
    if (end == nullptr || *end != '\0') continue;
    parts.tm_isdst = -1;
    const auto day = parts.tm_mday;
    const bool utc = text.back() == 'Z';
    const auto seconds = utc ? ::timegm(&parts) : ::mktime(&parts);
    if (parts.tm_mday != day) break;  // the month has no such day
    return Instant{std::chrono::seconds(seconds)};
  }
  throw not_a_time(text, option);
}

}  // namespace muster::cli
