#include "schedule/refusal_log.hpp"

#include <fmt/format.h>

namespace muster {

std::optional<std::string> RefusalLog::line(unsigned status, std::string_view why) {
  const auto now = clock_.elapsed();
  const auto [told, first] = told_.try_emplace(status);
  auto& last = told->second;
  if (!first && now - last.at < kPause) {
    ++last.since;
    return std::nullopt;
  }
  auto text = fmt::format("a pushed message was refused with {}: {}", status, why);
  if (last.since > 0) text += fmt::format("; {} more since it was told last", last.since);
  last = {now, 0};
  return text;
}

}  // namespace muster
