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

//! Else the line that is repeated while the destination answers names the phase before.
TEST_F(RunProgressTest, NamesAPhaseBeforeItsFirstRequest) {
  std::map<std::string, Phase> phases;  // by parts of targets
  world.hubspot.faults().set_source(
      [&](const simulator::SimRequest& request) -> std::optional<simulator::Fault> {
        for (const auto& [part, phase] : phases) {
          if ((request.method + " " + request.target).find(part) == std::string::npos) continue;
          EXPECT_EQ(world.told.progress.back().phase, phase) << request.target;
        }
        return std::nullopt;
      });
  const std::string page = "/memberships?";
  world.cohort(SyncWorld::people(600));
  phases = {{"/batch/", Phase::kMatching}};
  PreviewOptions looking_up;
  looking_up.look_up = true;
  world.preview(looking_up);
  phases = {{"/batch/", Phase::kAdding}, {"PUT ", Phase::kAdding}, {page, Phase::kReadingBack}};
  world.run();
  phases = {{"PUT ", Phase::kRemoving}, {page, Phase::kReadingBack}};
  world.cohort(SyncWorld::people(500));
  world.run();
  EXPECT_EQ(world.hubspot.count(page, "GET"), 3U + 2U);
  world.told.progress.push_back({});
  world.verify();
  world.told.progress.clear();
  const auto workspace = world.open();
  phases = {{page, Phase::kReadingBack}};
  workspace->explain(workspace->config().sync("s"), "person3@example.com", world.told);
  EXPECT_EQ(world.told.progress.front().phase, Phase::kReading);
  EXPECT_EQ(world.told.progress.front().done, 0U);
}

TEST_F(RunProgressTest, NamesThePhaseAgainBehindAWait) {
  world.cohort(SyncWorld::people(10));
  world.fault("/memberships/", 503, 8);
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto& told = world.told.progress;
  const auto waiting = std::find_if(told.begin(), told.end(), [](const auto& progress) {
    return progress.phase == Phase::kWaiting;
  });
  ASSERT_LT(waiting + 1, told.end());
  EXPECT_EQ((waiting + 1)->phase, Phase::kAdding);
  EXPECT_LT((waiting + 1)->done, 10U) << "before its requests";
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
