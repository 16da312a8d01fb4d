#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "base/text.hpp"
#include "cli/columns.hpp"

namespace muster::cli {
namespace {

constexpr Milliseconds kTerminalEvery{100};
constexpr Milliseconds kLogEvery{10'000};
// A rate is that of so long before: longer than a destination's window of calls is.
constexpr Milliseconds kRateOver{20'000};
constexpr Milliseconds kMarkEvery{1'000};

double seconds_of(Milliseconds duration) { return static_cast<double>(duration.count()) / 1000; }

const char* verb(RunProgress::Phase phase) {
  switch (phase) {
    case RunProgress::Phase::kReading:
      return "reading";
    case RunProgress::Phase::kMatching:
      return "matching records";
    case RunProgress::Phase::kAdding:
      return "adding";
    case RunProgress::Phase::kUpdating:
      return "updating";
    case RunProgress::Phase::kRemoving:
      return "removing";
    case RunProgress::Phase::kReadingBack:
      return "reading back";
    case RunProgress::Phase::kWaiting:
      return "waiting for the destination";
  }
  return "working";
}

//! How much there is to read is worked out from what is known before.
bool has_exact_total(RunProgress::Phase phase) {
  return phase != RunProgress::Phase::kReading && phase != RunProgress::Phase::kReadingBack;
}

//! What is to be seen of a line that moves stands behind it.
std::string short_name(const std::string& name) {
  constexpr std::size_t kMost = 40;
  return columns_of(name) <= kMost ? name : first_columns(name, kMost - 1) + "…";
}

std::string duration(std::int64_t seconds) {
  if (seconds < 90) return fmt::format("{} s", seconds);
  if (seconds < 5'400) return fmt::format("{} min", (seconds + 30) / 60);
  return fmt::format("{:.1f} h", static_cast<double>(seconds) / 3600);
}

}  // namespace

Progress::Progress(Clock& clock, std::string name)
    : clock_(clock),
      name_(std::move(name)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      last_shown_(clock.elapsed()) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

std::string Progress::line(const RunProgress& progress) const {
  auto text = fmt::format("{}: {}", short_name(name_), verb(progress.phase));
  if (progress.phase == RunProgress::Phase::kWaiting) {
    return fmt::format("{}, {} of {} done", text, progress.done, progress.total);
  }
  const auto done = progress.done + progress.under_way;
  text += fmt::format(" {}{}", progress.under_way > 0 ? "about " : "", done);
  if (progress.total > done) {
    text +=
        fmt::format(" of {}{}", has_exact_total(progress.phase) ? "" : "about ", progress.total);
  } else if (progress.phase == RunProgress::Phase::kReading) {
    text += " rows";
  }
  const auto& before = marks_.front();
  const auto seconds = seconds_of(clock_.elapsed() - before.at);
  if (seconds < 1 || done <= before.done) return text;
  const auto rate = static_cast<double>(done - before.done) / seconds;
  text += fmt::format(", {:.0f}/s", rate);
  if (progress.total > done) text += time_left(progress.total - done, rate);
  return text;
}

//! Nothing once that time is over, and nothing came further in it.
std::string Progress::time_left(std::uint64_t open, double rate) const {
  const auto left = static_cast<double>(open) / rate;
  if (seconds_of(clock_.elapsed() - moved_.at) > left) return {};
  return fmt::format(", {} left", duration(static_cast<std::int64_t>(std::ceil(left))));
}

void Progress::take(const RunProgress& progress, Milliseconds now) {
  if (!last_ || last_->phase != progress.phase) {
    marks_ = {{now, progress.done}};
    moved_ = marks_.front();
  }
  const auto done = progress.done + progress.under_way;
  if (done > moved_.done) moved_ = {now, done};
  while (marks_.size() > 1 && marks_[1].at <= now - kRateOver) marks_.pop_front();
  if (now - marks_.back().at >= kMarkEvery) marks_.push_back({now, done});
}

void Progress::on_progress(const RunProgress& progress) {
  const auto now = clock_.elapsed();
  const bool begins = !last_ || last_->phase != progress.phase;
  take(progress, now);
  last_ = progress;
  // On a terminal the name of the phase before would stay to be seen.
  const bool waits = now - last_shown_ < (terminal_ ? kTerminalEvery : kLogEvery);
  if (waits && !(terminal_ && begins)) return;
  last_shown_ = now;
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", first_columns(line(progress), kColumns));
    shown_ = true;
  } else {
    fmt::print(stderr, "{}\n", line(progress));
  }
  std::fflush(stderr);
}

void Progress::on_alive() {
  if (last_) on_progress(RunProgress(*last_));
}

void Progress::on_notice(const std::string& notice) {
  clear();
  fmt::print(stderr, "{}\n", fit(escape_control(fmt::format("{}: {}", name_, notice))));
}

}  // namespace muster::cli
