#include "cohort/amplitude_budget.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>
#include <vector>

namespace muster {
namespace {

namespace json = boost::json;

struct Window {
  Milliseconds length;
  std::size_t requests;
};
constexpr Window kTenMinutes{std::chrono::minutes(10), 60};
constexpr Window kMinute{std::chrono::minutes(1), 4};
constexpr std::size_t kJobsAtATime = 5;
// Whoever asked for it may have died: then it ends unseen. Longer ones are met as a 429.
constexpr Milliseconds kLongestCounted = std::chrono::minutes(30);
constexpr Milliseconds kLookAgain = std::chrono::seconds(15);

std::chrono::year_month_day day_of(Instant instant) {
  return std::chrono::floor<std::chrono::days>(instant);
}

//! The first of the next month, UTC, when the count begins anew.
Instant next_month(Instant now) {
  const auto today = day_of(now);
  const auto month = today.year() / today.month() + std::chrono::months(1);
  return std::chrono::sys_days(month / 1);
}

std::string month_of(Instant now) {
  const auto today = day_of(now);
  return fmt::format("{}-{:02}", static_cast<int>(today.year()),
                     static_cast<unsigned>(today.month()));
}

}  // namespace

struct AmplitudeBudget::Count {
  std::string month;
  std::uint64_t used = 0;
  std::uint64_t limit = kMonthlyDownloads;
  bool told = false;                          //!< by Amplitude, in this month
  std::optional<std::uint64_t> told_limit{};  //!< in whatever month
  std::vector<Instant> recent{};              //!< requests of the last ten minutes, oldest first
  std::map<std::string, Instant> jobs{};      //!< downloads that are computed, and when they began

  std::string text() const {
    json::array times;
    for (const auto at : recent) times.emplace_back(at.time_since_epoch().count());
    json::object running;
    for (const auto& [id, began] : jobs) running[id] = began.time_since_epoch().count();
    json::object fields{{"month", month}, {"used", used},    {"limit", limit},
                        {"told", told},   {"recent", times}, {"jobs", running}};
    if (told_limit) fields["told_limit"] = *told_limit;
    return json::serialize(fields);
  }
};

AmplitudeBudget::AmplitudeBudget(const SourceEnvironment& environment, std::string project)
    : environment_(environment), project_(std::move(project)) {}

AmplitudeBudget::Count AmplitudeBudget::parse(const std::optional<std::string>& stored) const {
  const auto now = environment_.clock.now();
  Count count{month_of(now)};
  if (!stored) return count;
  json::error_code failed;
  const auto parsed = json::parse(*stored, failed);
  if (failed || !parsed.is_object()) return count;
  const auto& fields = parsed.get_object();
  for (const auto& time : fields.at("recent").as_array()) {
    const Instant at{Milliseconds{time.to_number<std::int64_t>()}};
    // A clock that was set back must not keep a sync waiting for an hour that comes twice.
    if (at <= now && now - at < kTenMinutes.length) count.recent.push_back(at);
  }
  if (const auto* jobs = fields.if_contains("jobs")) {
    for (const auto& [id, began] : jobs->as_object()) {
      const Instant at{Milliseconds{began.to_number<std::int64_t>()}};
      if (at <= now && now - at < kLongestCounted) count.jobs.emplace(id, at);
    }
  }
  if (const auto* limit = fields.if_contains("told_limit")) {
    count.told_limit = limit->to_number<std::uint64_t>();
  }
  if (fields.at("month").as_string() != count.month) return count;
  count.used = fields.at("used").to_number<std::uint64_t>();
  count.limit = fields.at("limit").to_number<std::uint64_t>();
  count.told = fields.at("told").as_bool();
  return count;
}

AmplitudeBudget::Count AmplitudeBudget::read() const {
  return parse(environment_.memory.get(key()));
}

SourceBudget AmplitudeBudget::now() const {
  const auto count = read();
  return {count.used, count.limit, next_month(environment_.clock.now()), count.told,
          count.told_limit};
}

void AmplitudeBudget::learn(const std::string& usage) {
  json::error_code failed;
  const auto parsed = json::parse(usage, failed);
  if (failed || !parsed.is_object()) return;
  const auto* nested = parsed.get_object().if_contains("rest_download");
  const auto& fields =
      nested != nullptr && nested->is_object() ? nested->get_object() : parsed.get_object();
  const auto* used = fields.if_contains("usage");
  if (used == nullptr) used = fields.if_contains("count");
  const auto* limit = fields.if_contains("limit");
  if (used == nullptr || limit == nullptr || !used->is_int64() || !limit->is_int64()) return;
  if (used->get_int64() < 0 || limit->get_int64() <= 0) return;
  environment_.memory.update(key(), [&](const auto& stored) {
    auto count = parse(stored);
    count.used = static_cast<std::uint64_t>(used->get_int64());
    count.limit = static_cast<std::uint64_t>(limit->get_int64());
    count.told = true;
    count.told_limit = count.limit;
    return count.text();
  });
}

void AmplitudeBudget::spend() {
  environment_.memory.update(key(), [&](const auto& stored) {
    auto count = parse(stored);
    ++count.used;
    count.recent.push_back(environment_.clock.now());
    return count.text();
  });
}

bool AmplitudeBudget::settle(const HttpResponse& response) {
  const bool sent = response.outcome != HttpOutcome::kNotSent;
  const bool limited = response.outcome == HttpOutcome::kAnswered && response.status == 429;
  if (sent && !limited) return true;
  environment_.memory.update(key(), [&](const auto& stored) {
    auto count = parse(stored);
    if (count.used > 0) --count.used;
    // One that was refused may count for the minutes: nobody tells.
    if (!sent && !count.recent.empty()) count.recent.pop_back();
    return count.text();
  });
  return false;
}

void AmplitudeBudget::begin_job(const std::string& id) {
  environment_.memory.update(key(), [&](const auto& stored) {
    auto count = parse(stored);
    count.jobs.insert_or_assign(id, environment_.clock.now());
    return count.text();
  });
}

void AmplitudeBudget::end_job(const std::string& id) {
  environment_.memory.update(key(), [&](const auto& stored) -> std::optional<std::string> {
    auto count = parse(stored);
    if (count.jobs.erase(id) == 0) return stored;
    return count.text();
  });
}

void AmplitudeBudget::await_turn() const {
  for (;;) {
    const auto count = read();
    const auto now = environment_.clock.now();
    if (count.used >= count.limit) {
      const auto again = next_month(now);
      throw SourceWaits(
          Error(ErrorKind::kLater, "amplitude.budget_spent",
                fmt::format("{} of {} downloads of this month are used", count.used, count.limit))
              .at("Amplitude")
              .with_hint(fmt::format("the next ones come on {}-{:02}-{:02} (UTC); push needs none",
                                     static_cast<int>(day_of(again).year()),
                                     static_cast<unsigned>(day_of(again).month()),
                                     static_cast<unsigned>(day_of(again).day()))),
          again - now);
    }
    Milliseconds wait{0};
    for (const auto& window : {kTenMinutes, kMinute}) {
      if (count.recent.size() < window.requests) continue;
      const auto free = count.recent[count.recent.size() - window.requests] + window.length;
      wait = std::max(wait, free - now);
    }
    if (wait <= Milliseconds{0} && count.jobs.size() >= kJobsAtATime) {
      environment_.waiting.await(
          environment_.clock,
          Error(ErrorKind::kLater, "amplitude.jobs_running",
                "Amplitude computes five cohorts of the project, as many as it does at a time")
              .at("Amplitude"),
          kLookAgain, kLongestCounted);
      continue;
    }
    if (wait <= Milliseconds{0}) return;
    environment_.waiting.await(
        environment_.clock,
        Error(ErrorKind::kLater, "amplitude.window_full",
              "Amplitude's limits of 4 downloads in a minute and 60 in ten minutes are used")
            .at("Amplitude"),
        wait, wait);
  }
}

}  // namespace muster
