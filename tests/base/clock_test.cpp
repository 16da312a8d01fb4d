#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(VirtualClock, MovesOnlyWhenToldOrSleptOn) {
  VirtualClock clock;
  const auto start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.sleep_for(Milliseconds{1500});
  EXPECT_EQ(clock.now() - start, Milliseconds{1500});
  EXPECT_EQ(clock.elapsed(), Milliseconds{1500});
}

TEST(VirtualClock, NeverGoesBack) {
  VirtualClock clock;
  clock.advance(Milliseconds{-5});
  EXPECT_EQ(clock.elapsed(), Milliseconds{0});
}

TEST(SystemClock, ElapsedNeverGoesBack) {
  const SystemClock clock;
  const auto first = clock.elapsed();
  EXPECT_GE(clock.elapsed(), first);
}

}  // namespace
}  // namespace muster
