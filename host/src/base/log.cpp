#include "base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>

#include "base/text.hpp"

namespace muster::log {
namespace {

constexpr std::size_t kLongestMessage = 4'000;
constexpr std::size_t kShortestSecret = 8;
// A daemon meets a new access token every half hour. Secrets in use are met again before so many
// others, and stay.
constexpr std::size_t kMostSecrets = 256;

void blank(std::string& text, const std::string& secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "[secret]");
    at += 8;
  }
}

struct Settings {
  std::mutex mutex;
  Severity least = Severity::kWarning;
  Format format = Format::kText;
  std::list<std::string> secrets;  //!< the latest met last

  std::string blanked(std::string_view text) const {
    std::string safe(text);
    for (const auto& secret : secrets) blank(safe, secret);
    return safe;
  }
  std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("muster",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
};

Settings& settings() {
  static auto* instance = new Settings;  // outlives whoever logs at exit
  return *instance;
}

const char* word(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "debug";
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

std::string json_text(std::string_view text) {
  std::string json;
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json;
}

}  // namespace

std::string line(Format format, Instant now, Severity severity, std::string_view area,
                 std::string_view message) {
  const auto text = escape_control(message.substr(0, kLongestMessage));
  const auto time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                                now.time_since_epoch().count() % 1000);
  if (format == Format::kText) {
    return fmt::format("{} {:<7} {}: {}", time, word(severity), area, text);
  }
  return fmt::format(R"({{"time":"{}","level":"{}","area":"{}","message":"{}"}})", time,
                     word(severity), json_text(area), json_text(text));
}

void configure(Severity least, Format format) {
  auto& s = settings();
  const std::lock_guard lock(s.mutex);
  s.least = least;
  s.format = format;
}

void keep_secret(std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  auto& s = settings();
  const std::lock_guard lock(s.mutex);
  s.secrets.remove(std::string(secret));
  s.secrets.emplace_back(secret);
  if (s.secrets.size() > kMostSecrets) s.secrets.pop_front();
}

std::string without_secrets(std::string_view text) {
  auto& s = settings();
  const std::lock_guard lock(s.mutex);
  return s.blanked(text);
}

std::string without_secrets_cut(std::string_view text) {
  auto& s = settings();
  const std::lock_guard lock(s.mutex);
  auto safe = s.blanked(text);
  std::size_t cut = 0;
  for (const auto& secret : s.secrets) cut = std::max(cut, cut_part(safe, secret));
  if (cut > 0) safe.replace(safe.size() - cut, cut, "[secret]");
  return safe;
}

void write(Severity severity, std::string_view area, std::string_view message) {
  auto& s = settings();
  const std::lock_guard lock(s.mutex);
  if (severity < s.least) return;
  // Before the line cuts or escapes it: half a secret would not be known again.
  s.logger->info(line(s.format, SystemClock().now(), severity, area, s.blanked(message)));
}

}  // namespace muster::log
