// When cadences come, also where the clock is changed: Berlin skips 02:00 to 03:00 on 2026-03-29
// and has 02:00 to 03:00 twice on 2026-10-25.
#include "schedule/cadence.hpp"

#include <fmt/chrono.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include "base/error.hpp"
#include "schedule/source_budget.hpp"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InZone {
 public:
  explicit InZone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~InZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

Instant utc(int year, int month, int day, int hour, int minute) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) +
         std::chrono::minutes(hour * 60 + minute);
}

//! The next `count` times, as local time with its distance from UTC.
std::vector<std::string> times(const char* cadence, Instant after, int count) {
  const auto parsed = Cadence::parse(cadence);
  std::vector<std::string> found;
  for (int i = 0; i < count; ++i) {
    after = *parsed.next(after, after);
    const auto at = std::chrono::system_clock::to_time_t(after);
    found.push_back(fmt::format("{:%m-%d %H:%M%z}", fmt::localtime(at)));
  }
  return found;
}

const Instant kBeforeSpring = utc(2026, 3, 28, 12, 0);
const Instant kBeforeAutumn = utc(2026, 10, 24, 12, 0);

TEST(Cadence, ATimeThatTheClockSkipsIsMadeUpForAtOnce) {
  const InZone zone("Europe/Berlin");
  EXPECT_THAT(times("daily at 02:30", kBeforeSpring, 3),
              ElementsAre("03-29 03:00+0200", "03-30 02:30+0200", "03-31 02:30+0200"));
  EXPECT_THAT(times("cron 0,30 2 * * *", kBeforeSpring, 2),
              ElementsAre("03-29 03:00+0200", "03-30 02:00+0200"));
}

TEST(Cadence, TimesOutsideTheSkippedHourComeAsEver) {
  const InZone zone("Europe/Berlin");
  EXPECT_THAT(times("daily at 03:00", kBeforeSpring, 2),
              ElementsAre("03-29 03:00+0200", "03-30 03:00+0200"));
  EXPECT_THAT(times("daily at 01:59", kBeforeSpring, 2),
              ElementsAre("03-29 01:59+0100", "03-30 01:59+0200"));
  EXPECT_THAT(times("cron 30 * * * *", utc(2026, 3, 29, 0, 0), 3),
              ElementsAre("03-29 01:30+0100", "03-29 03:30+0200", "03-29 04:30+0200"));
}

TEST(Cadence, EveryHourComesInBothHoursThatAutumnRepeats) {
  const InZone zone("Europe/Berlin");
  EXPECT_THAT(
      times("cron 0 * * * *", utc(2026, 10, 24, 23, 30), 4),
      ElementsAre("10-25 02:00+0200", "10-25 02:00+0100", "10-25 03:00+0100", "10-25 04:00+0100"));
}

TEST(Cadence, ATimeOfDayComesOnceWhereAutumnRepeatsIt) {
  const InZone zone("Europe/Berlin");
  EXPECT_THAT(times("daily at 02:30", kBeforeAutumn, 2),
              ElementsAre("10-25 02:30+0200", "10-26 02:30+0100"));
}

TEST(Cadence, KnowsZonesThatShiftByHalfAnHour) {
  const InZone zone("Australia/Lord_Howe");  // 2026-10-04 02:00 becomes 02:30
  EXPECT_THAT(times("daily at 02:15", utc(2026, 10, 3, 0, 0), 2),
              ElementsAre("10-04 02:30+1100", "10-05 02:15+1100"));
}

TEST(Cadence, FindsRareDays) {
  const InZone zone("UTC");
  EXPECT_EQ(*Cadence::parse("cron 0 6 29 2 *").next(utc(2026, 3, 1, 0, 0), {}),
            utc(2028, 2, 29, 6, 0));
  EXPECT_EQ(*Cadence::parse("cron 15 9 * * 1").next(utc(2026, 11, 24, 0, 0), {}),
            utc(2026, 11, 30, 9, 15));
  EXPECT_THROW(Cadence::parse("cron 0 0 31 2 *"), Error);
}

TEST(Cadence, TellsHowOftenItComesInTheFullestMonth) {
  const InZone zone("UTC");
  const struct {
    const char* cadence;
    std::size_t times;
  } cases[] = {
      {"manual", 0},       {"hourly", 744},          {"daily", 31},    {"daily at 06:30", 31},
      {"every 90m", 496},  {"cron 0 6 1 3 *", 1},    {"every 2d", 16}, {"every 1518m", 30},
      {"every 1440m", 31}, {"cron 0 */2 * * *", 372}};
  for (const auto& [cadence, count] : cases) {
    EXPECT_EQ(Cadence::parse(cadence).most_in_a_month(), count) << cadence;
  }
}

WorkspaceConfig config(const std::vector<std::pair<std::string, std::string>>& syncs) {
  ::setenv("AMPLITUDE_TEST_KEY", "key-one", 1);
  std::string yaml =
      "version: 1\nconnections: {c: {destination: hubspot, auth: {token: {env: T}}}}\nsyncs:\n";
  for (const auto& [name, cadence] : syncs) {
    yaml += fmt::format(
        "  {}: {{cohort: {}, connection: c, identifier: {{column: email, as: email}}, cadence: {}, "
        "source: {{amplitude: {{cohort: x, api_key: {{env: AMPLITUDE_TEST_KEY}}, secret_key: "
        "{{env: "
        "AMPLITUDE_TEST_KEY}}}}}}}}\n",
        name, name, cadence);
  }
  return parse_workspace(yaml, "muster.yaml", "/w");
}

TEST(SourceBudget, RefusesAnHourlyDownloadWithTheArithmetic) {
  try {
    check_source_budgets(config({{"a", "hourly"}}));
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "config.amplitude_budget");
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.message(), HasSubstr("744 (a: hourly)"));
    EXPECT_THAT(error.message(), HasSubstr("allows a project 500"));
    EXPECT_THAT(error.hint(), HasSubstr("every 90m"));
    EXPECT_THAT(error.where(), HasSubstr("muster.yaml:4:"));
  }
}

TEST(SourceBudget, CountsAlsoWhereTheKeyIsNotAtHand) {
  const auto hourly = config({{"a", "every 2h"}, {"b", "every 2h"}});
  ::unsetenv("AMPLITUDE_TEST_KEY");
  EXPECT_THROW(check_source_budgets(hourly), Error);
}

TEST(SourceBudget, AddsUpTheSyncsOfOneProject) {
  check_source_budgets(config({{"a", "every 90m"}}));
  check_source_budgets(config({{"a", "every 3h"}, {"b", "every 3h"}, {"c", "manual"}}));
  try {
    check_source_budgets(config({{"a", "every 90m"}, {"b", "daily"}}));
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("496 (a: every 90m) + 31 (b: daily) = 527"));
    EXPECT_THAT(error.hint(), HasSubstr("every 179m"));
  }
}

TEST(SourceBudget, IsReckonedAgainstTheLimitThatAmplitudeTold) {
  const auto told = [](std::uint64_t limit) {
    return [limit](const SyncConfig&) { return std::optional(limit); };
  };
  check_source_budgets(config({{"a", "hourly"}}), told(1'000));
  try {
    check_source_budgets(config({{"a", "every 3h"}}), told(100));
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("allows a project 100"));
    EXPECT_THAT(error.hint(), HasSubstr("every 447m"));
  }
}

TEST(SourceBudget, AnAddressThatIsTheRegionsOwnIsTheSameProject) {
  auto two = config({{"a", "every 2h"}, {"b", "every 2h"}});
  const auto address_of_b = [&](const char* address, AmplitudeProjectAccess::Region region) {
    auto& project = std::get<AmplitudeOptions>(two.syncs[1].source).project;
    project.api_base = address;
    project.region = region;
  };
  using enum AmplitudeProjectAccess::Region;
  for (const auto* same : {"https://amplitude.com", "https://Amplitude.com/"}) {
    address_of_b(same, kUs);
    EXPECT_THROW(check_source_budgets(two), Error) << same;
  }
  address_of_b("https://amplitude.com", kEu);
  EXPECT_THROW(check_source_budgets(two), Error) << "where it is, counts";
  address_of_b("", kEu);
  check_source_budgets(two);
}

//! As many syncs of one project, each so often.
std::optional<Error> refusal(int syncs, const std::string& cadence) {
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < syncs; ++i) all.emplace_back(fmt::format("s{}", i), cadence);
  try {
    check_source_budgets(config(all));
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

TEST(SourceBudget, CountsTheMonthThatBeginsWithADownloadOfEach) {
  const auto refused = refusal(17, "every 1518m");  // 44,640 minutes: on days 1, 2 … thirty times
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->message(), HasSubstr("= 510"));
  EXPECT_THAT(refused->hint(), HasSubstr("every 1540m"));
  EXPECT_TRUE(refusal(17, "every 1539m"));
  EXPECT_FALSE(refusal(17, "every 1540m")) << "what the hint says fits";
  EXPECT_TRUE(refusal(1, "every 89m"));
  EXPECT_FALSE(refusal(1, "every 90m"));
}

}  // namespace
}  // namespace muster
