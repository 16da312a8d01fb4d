// What whoever waits for a run sees of it.
#include <gmock/gmock.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using Phase = RunProgress::Phase;

class RunProgressTest : public ::testing::Test {
 protected:
  std::vector<RunProgress> told_of(Phase phase) const {
    std::vector<RunProgress> told;
    for (const auto& progress : world.told.progress) {
      if (progress.phase == phase) told.push_back(progress);
    }
    return told;
  }

  SyncWorld world;
};

TEST_F(RunProgressTest, MovesWithinOneBatch) {
  world.cohort(SyncWorld::people(2'000));
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  std::set<std::uint64_t> seen;
  std::uint64_t last = 0;
  for (const auto& progress : told_of(Phase::kAdding)) {
    const auto now = progress.done + progress.under_way;
    EXPECT_GE(now, last) << "it goes back";
    EXPECT_LE(now, progress.total);
    EXPECT_TRUE(progress.under_way == 0 || now < progress.total) << "it is done before it ends";
    seen.insert(now);
    last = now;
  }
  EXPECT_EQ(last, 2'000U);
  EXPECT_GT(seen.size(), 8U);
}

TEST_F(RunProgressTest, OfAReadBackKnowsHowMuchIsToBeRead) {
  world.cohort(SyncWorld::people(600));
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto told = told_of(Phase::kReadingBack);
  ASSERT_FALSE(told.empty());
  for (const auto& progress : told) EXPECT_EQ(progress.total, 600U);
  EXPECT_LT(told.front().done, 600U);
  EXPECT_EQ(told.back().done, 600U);
}

TEST_F(RunProgressTest, OfALookUpMovesAlong) {
  world.cohort(SyncWorld::people(4'500));
  PreviewOptions options;
  options.look_up = true;
  world.preview(options);
  EXPECT_GE(told_of(Phase::kMatching).size(), 3U);
}

TEST_F(RunProgressTest, ARunThatDidNotReadItsCohortSetOutForWhatWasToDo) {
  world.cohort(SyncWorld::people(30));
  ASSERT_EQ(world.run().run.mode, RunMode::kFull);
  world.cohort(SyncWorld::people(30), "other");
  const auto stopped = world.run();
  ASSERT_TRUE(stopped.error);
  EXPECT_EQ(stopped.run.mode, RunMode::kIncremental);
  EXPECT_EQ(world.store()->runs("s", 1).front().mode, RunMode::kIncremental);
}

}  // namespace
}  // namespace muster::testing
