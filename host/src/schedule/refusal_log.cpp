#include "schedule/refusal_log.hpp"

#include <fmt/format.h>

namespace muster {

std::optional<std::string> RefusalLog::line(unsigned status, std::string_view why) {
  return now_and_then(status, fmt::format("a pushed message was refused with {}: {}", status, why));
}

std::optional<std::string> RefusalLog::line_of_closed(std::size_t open) {
  constexpr unsigned kNoStatus = 0;  // nothing is answered
  return now_and_then(
      kNoStatus, fmt::format("a connection to the push receiver was closed: {} are open, and the "
                             "oldest that has not shown the secret goes first",
                             open));
}

std::optional<std::string> RefusalLog::now_and_then(unsigned kind, std::string text) {
  const auto now = clock_.elapsed();
  const auto [told, first] = told_.try_emplace(kind);
  auto& last = told->second;
  if (!first && now - last.at < kPause) {
    ++last.since;
    return std::nullopt;
  }
  if (last.since > 0) text += fmt::format("; {} more since it was told last", last.since);
  last = {now, 0};
  return text;
}

}  // namespace muster
