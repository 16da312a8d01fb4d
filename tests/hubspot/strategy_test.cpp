// Reading first or creating first, by what the account has shown.
#include "strategy.hpp"

#include <gtest/gtest.h>

namespace muster::hubspot {
namespace {

TEST(Strategy, IsAsChosen) {
  EXPECT_FALSE(Strategy(Resolve::kReadFirst).creates_first());
  EXPECT_TRUE(Strategy(Resolve::kCreateFirst).creates_first());
  EXPECT_FALSE(Strategy(Resolve::kAuto).creates_first()) << "nothing is known yet";
}

TEST(Strategy, AutoSwitchesOnceOneInTwentyIsMissing) {
  Strategy strategy(Resolve::kAuto);
  strategy.saw(299, 299);
  EXPECT_FALSE(strategy.creates_first()) << "too few to tell";
  Strategy few(Resolve::kAuto);
  few.saw(400, 19);
  EXPECT_FALSE(few.creates_first());
  few.saw(0, 1);
  EXPECT_TRUE(few.creates_first());
}

TEST(Strategy, AutoSwitchesBackWhenTheCohortChanges) {
  Strategy strategy(Resolve::kAuto);
  strategy.saw(1'000, 1'000);
  EXPECT_TRUE(strategy.creates_first());
  for (int i = 0; i < 20; ++i) strategy.saw(1'000, 0);
  EXPECT_FALSE(strategy.creates_first());
}

TEST(Strategy, FallsBackWhereConflictsNameNoContact) {
  for (const auto chosen : {Resolve::kCreateFirst, Resolve::kAuto}) {
    Strategy strategy(chosen);
    strategy.saw(400, 400);
    strategy.saw_conflict_without_id();
    EXPECT_FALSE(strategy.creates_first());
  }
}

TEST(Strategy, IsRememberedByTheNextRun) {
  Strategy strategy(Resolve::kAuto);
  strategy.saw(400, 100);
  Strategy next(Resolve::kAuto);
  next.recall(strategy.memory());
  EXPECT_TRUE(next.creates_first());
  strategy.saw_conflict_without_id();
  Strategy after(Resolve::kCreateFirst);
  after.recall(strategy.memory());
  EXPECT_FALSE(after.creates_first());
}

TEST(Strategy, IgnoresAMemoryThatIsNone) {
  for (const auto* memory : {"", "resolve", "resolve x y z", "resolve 10 20 0", "10 5 0",
                             "resolve 99999999999999999999999 1 0", "resolve 5000 5000 1"}) {
    Strategy strategy(Resolve::kCreateFirst);
    strategy.recall(memory);
    EXPECT_TRUE(strategy.creates_first()) << memory;
  }
}

}  // namespace
}  // namespace muster::hubspot
