// Midnight in the account's time zone, daylight saving and all.
#include "account_day.hpp"

#include <gtest/gtest.h>

namespace muster::hubspot {
namespace {

constexpr std::int64_t kHour = 3'600'000;
// 2026-11-01 is the day on which US/Eastern goes back from -04:00 to -05:00, at 06:00 UTC.
constexpr std::int64_t kNovember1st = 1'793'491'200'000;  // 00:00 UTC

TEST(AccountDay, EndsAtMidnightOfItsTimeZone) {
  const AccountDay day{"US/Eastern", 0};
  EXPECT_EQ(day.until_midnight_ms(kNovember1st), 4 * kHour);
  EXPECT_EQ(day.until_midnight_ms(kNovember1st + 4 * kHour - 1), 1);
}

TEST(AccountDay, HasTwentyFiveHoursWhenTheClockGoesBack) {
  const AccountDay day{"US/Eastern", -4 * kHour};
  EXPECT_EQ(day.until_midnight_ms(kNovember1st + 4 * kHour), 25 * kHour)
      << "the offset that was stored while summer lasted would say 24";
}

TEST(AccountDay, OfAZoneThatIsNotKnownHereGoesByItsOffset) {
  const AccountDay day{"Mars/Olympus Mons", 2 * kHour};
  EXPECT_EQ(day.until_midnight_ms(kNovember1st), 22 * kHour);
  const AccountDay none{"", -5 * kHour};
  EXPECT_EQ(none.until_midnight_ms(kNovember1st), 5 * kHour);
}

TEST(HttpDate, IsReadAsHubSpotsServersWriteIt) {
  EXPECT_EQ(http_date_ms("Sun, 01 Nov 2026 04:00:00 GMT"), kNovember1st + 4 * kHour);
  for (const auto* none : {"", "yesterday", "2026-11-01T04:00:00Z", "Sun, 01 Nov 2026 04:00:00"}) {
    EXPECT_FALSE(http_date_ms(none)) << none;
  }
}

TEST(AccountDay, EndsWhateverOffsetHubSpotClaims) {
  const AccountDay day{"", INT64_MAX};  // of which 25,975,807 ms are left beyond whole days
  EXPECT_EQ(day.until_midnight_ms(kNovember1st), 24 * kHour - 25'975'807);
  const AccountDay before{"", INT64_MIN};
  EXPECT_EQ(before.until_midnight_ms(kNovember1st), 25'975'808);
}

}  // namespace
}  // namespace muster::hubspot
