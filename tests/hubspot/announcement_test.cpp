// Which list can have come of a creation that was announced.
#include "announcement.hpp"

#include <gtest/gtest.h>

namespace muster::hubspot {
namespace {

constexpr std::int64_t kThen = 1'793'000'000'000;
constexpr std::int64_t kMinute = 60'000;

TEST(Announcement, CanHaveMadeAListFromItsMomentOnUntilNothingIsUnderWayAnyMore) {
  const Announcement known({kThen, true});
  EXPECT_FALSE(known.can_have_made(kThen - kMinute));
  EXPECT_FALSE(known.can_have_made(kThen - 3'000));
  EXPECT_TRUE(known.can_have_made(kThen));
  EXPECT_TRUE(known.can_have_made(kThen + 2 * kMinute));
  EXPECT_FALSE(known.can_have_made(kThen + 60 * kMinute));
}

TEST(Announcement, ByThisMachinesClockIsLessSure) {
  const Announcement unsure({kThen, false});
  EXPECT_TRUE(unsure.can_have_made(kThen - 4 * kMinute));
  EXPECT_FALSE(unsure.can_have_made(kThen - 6 * kMinute));
}

TEST(Announcement, ThatIsRepeatedReachesFromTheFirstToTheLatest) {
  Announcement repeated({kThen, true});
  repeated.repeat({kThen + 600 * kMinute, true});
  EXPECT_TRUE(repeated.can_have_made(kThen + 1));
  EXPECT_TRUE(repeated.can_have_made(kThen + 601 * kMinute));
  EXPECT_FALSE(repeated.can_have_made(kThen + 700 * kMinute));
}

TEST(Announcement, IsRememberedAsItWas) {
  Announcement repeated({kThen, true});
  repeated.repeat({kThen + 5, false});
  const auto again = Announcement::of(repeated.stored());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->stored(), repeated.stored());
  for (const auto* none : {"", "announced", "announced 1 1", "announced 1 2 3 0",
                           "announced -1 0 1 0", "announced 1 0 1 0 7", "resolve 1 2 3"}) {
    EXPECT_FALSE(Announcement::of(none)) << none;
  }
}

}  // namespace
}  // namespace muster::hubspot
