// The pace: at most so many requests in any window, as the destination counts them.
#include "destination/pacing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

namespace muster {
namespace {

using std::chrono::milliseconds;

TEST(Pacer, StartsWhatTheWindowAllows) {
  Pacer pacer(1.0);
  pacer.limit("b", 3, milliseconds(1000));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pacer.try_start("b", milliseconds(0)));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(0)));
}

TEST(Pacer, SpreadsAShareOfLessThanOneRequestOverALongerWindow) {
  Pacer pacer(0.1);
  pacer.limit("b", 5, milliseconds(1000));  // half a request a second
  EXPECT_TRUE(pacer.try_start("b", milliseconds(0)));
  pacer.answered("b", milliseconds(0), milliseconds(0));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(1999)));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(2000)));
}

TEST(Pacer, FreesAPlaceOneWindowAfterTheAnswer) {
  Pacer pacer(1.0);
  pacer.limit("b", 1, milliseconds(1000));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(0)));
  EXPECT_FALSE(pacer.next_start("b", milliseconds(0)));  // depends on the answer
  pacer.answered("b", milliseconds(0), milliseconds(200));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(1199)));
  EXPECT_EQ(pacer.next_start("b", milliseconds(400)), milliseconds(1200));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(1200)));
}

TEST(Pacer, DoesNotHoldAPlaceForAllTheTimeOfASlowAnswer) {
  Pacer pacer(1.0);
  pacer.limit("b", 1, milliseconds(1000));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(0)));
  pacer.answered("b", milliseconds(0), milliseconds(900));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(1249)));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(1250)));
}

TEST(Pacer, KeepsALimitThatAnswersOutOfOrderMeet) {
  Pacer pacer(1.0);
  pacer.limit("b", 2, milliseconds(1000));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(0)));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(500)));
  pacer.answered("b", milliseconds(500), milliseconds(520));
  pacer.answered("b", milliseconds(0), milliseconds(530));
  EXPECT_EQ(pacer.next_start("b", milliseconds(600)), milliseconds(1250));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(1250)));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(1251)));
}

TEST(Pacer, NeverExceedsTheWindowAsLongAsTheWayThereDiffersByLess) {
  Pacer pacer(1.0);
  const milliseconds window(10'000);
  pacer.limit("b", 110, window);
  std::vector<milliseconds> arrivals;
  std::multimap<milliseconds, milliseconds> open;  // answer and start
  std::uint64_t random = 42;
  for (milliseconds now{0}; now < milliseconds(120'000); now += milliseconds(10)) {
    while (!open.empty() && open.begin()->first <= now) {
      pacer.answered("b", open.begin()->second, open.begin()->first);
      open.erase(open.begin());
    }
    while (open.size() < 16 && pacer.try_start("b", now)) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      const milliseconds there(100 + (random >> 33U) % 250);
      arrivals.push_back(now + there);
      open.emplace(now + milliseconds(900), now);
    }
  }
  std::sort(arrivals.begin(), arrivals.end());
  for (std::size_t i = 110; i < arrivals.size(); ++i) {
    ASSERT_GE(arrivals[i] - arrivals[i - 110], window);
  }
  // Of 110 in each of the 12 windows, the 900 ms of the answers notwithstanding.
  EXPECT_GT(arrivals.size(), 110U * 12 * 97 / 100);
}

TEST(Pacer, RemembersWhatWentInALongerWindowWhileAShorterOneIsInForce) {
  Pacer pacer(1.0);
  pacer.limit("b", 8, milliseconds(1000));
  pacer.limit("b", 2, milliseconds(250));  // slower for a while, and evenly
  for (const auto at : {0, 1, 300, 301}) {
    EXPECT_TRUE(pacer.try_start("b", milliseconds(at)));
    pacer.answered("b", milliseconds(at), milliseconds(at));
  }
  pacer.limit("b", 8, milliseconds(1000));
  int started = 0;
  while (pacer.try_start("b", milliseconds(600))) ++started;
  EXPECT_EQ(started, 4);
}

//! From here on slower and evenly: what went before is in the destination's window still.
TEST(Pacer, CountsWhatWentBeforeASlowerPaceInTheWindowOfBefore) {
  Pacer pacer(1.0);
  pacer.limit("b", 8, milliseconds(1000));
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(pacer.try_start("b", milliseconds(0)));
    pacer.answered("b", milliseconds(0), milliseconds(0));
  }
  pacer.limit("b", 2, milliseconds(500));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(500)));
  pacer.answered("b", milliseconds(500), milliseconds(500));
  pacer.limit("b", 1, milliseconds(300));  // slower again: the window of before goes on
  EXPECT_FALSE(pacer.try_start("b", milliseconds(900))) << "the ninth in a second";
  EXPECT_EQ(pacer.next_start("b", milliseconds(900)), milliseconds(1000));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(1000)));
}

TEST(Pacer, UsesTheSharePermittedAndOneAtLeast) {
  Pacer half(0.5);
  half.limit("b", 4, milliseconds(1000));
  EXPECT_TRUE(half.try_start("b", milliseconds(0)));
  EXPECT_TRUE(half.try_start("b", milliseconds(0)));
  EXPECT_FALSE(half.try_start("b", milliseconds(0)));
  Pacer little(0.01);
  little.limit("b", 4, milliseconds(1000));
  EXPECT_TRUE(little.try_start("b", milliseconds(0)));
}

TEST(Pacer, PausesABucketAndNoOther) {
  Pacer pacer(1.0);
  pacer.pause("b", milliseconds(0), milliseconds(500));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(499)));
  EXPECT_TRUE(pacer.try_start("c", milliseconds(0)));
  EXPECT_TRUE(pacer.try_start("b", milliseconds(500)));
}

TEST(Pacer, AShorterPauseDoesNotEndALongerOne) {
  Pacer pacer(1.0);
  pacer.pause("b", milliseconds(0), milliseconds(500));
  pacer.pause("b", milliseconds(0), milliseconds(100));
  EXPECT_FALSE(pacer.try_start("b", milliseconds(400)));
}

TEST(Pacer, NeverExceedsTheWindowHoweverLongAnswersTake) {
  Pacer pacer(1.0);
  pacer.limit("b", 5, milliseconds(1000));
  std::deque<std::pair<milliseconds, milliseconds>> open;  // start and answer
  std::deque<milliseconds> arrivals;
  for (milliseconds now{0}; now < milliseconds(20'000); now += milliseconds(7)) {
    while (!open.empty() && open.front().second <= now) {
      pacer.answered("b", open.front().first, open.front().second);
      open.pop_front();
    }
    if (!pacer.try_start("b", now)) continue;
    // It may arrive at any moment up to its answer: the latest is the worst.
    arrivals.push_back(now + milliseconds(90));
    open.emplace_back(now, now + milliseconds(91));
    std::size_t in_window = 0;
    for (const auto arrival : arrivals) {
      if (arrival > arrivals.back() - milliseconds(1000)) ++in_window;
    }
    ASSERT_LE(in_window, 5U);
  }
  EXPECT_GT(arrivals.size(), 85U);  // of 100 that an ideal pace would allow
}

}  // namespace
}  // namespace muster
