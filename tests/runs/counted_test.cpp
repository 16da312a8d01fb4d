// Runs and looks over a source that counts its readings: which of them cost a download.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "runs/sync_world.hpp"
#include "support/from_amplitude.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

class CountedTest : public ::testing::Test {
 protected:
  CountedTest() {
    read_from(world.amplitude, world.dir);
    world.amplitude.switches().usage = "none";
    for (int i = 0; i < 30; ++i) enter(i);
  }
  void enter(int person) {
    add_person(world.amplitude, "who", fmt::format("person{}@example.com", person));
  }
  void clear_cohort() { world.amplitude.project().cohorts.at(kAmplitudeCohort).users.clear(); }
  //! As `muster plan` does.
  Preview plan() {
    const auto workspace = world.open();
    workspace->look_only();
    return workspace->preview(workspace->config().sync("s"), {}, world.told);
  }
  std::uint64_t counted() {
    const auto workspace = world.open();
    workspace->look_only();
    return workspace->source_budget(workspace->config().sync("s"))->used;
  }
  void expect_downloads(std::size_t count) {
    EXPECT_EQ(downloads(world.amplitude), count);
    EXPECT_EQ(counted(), count);
  }
  bool says_earlier(const RunResult& result) const {
    return std::any_of(result.notices.begin(), result.notices.end(),
                       [](const auto& notice) { return notice.code == "earlier_download"; });
  }

  SyncWorld world;
};

TEST_F(CountedTest, AnotherTryOfARunThatFailedCostsNoDownloadAndSaysFromWhenTheCohortIs) {
  world.fault("/contacts", 403, -1);
  ASSERT_TRUE(world.run().error);
  enter(30);
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(minutes(10));
    const auto failed = world.run();
    ASSERT_TRUE(failed.error);
    EXPECT_TRUE(says_earlier(failed));
  }
  world.hubspot.faults().clear();
  const auto done = world.run();
  EXPECT_FALSE(done.error);
  EXPECT_EQ(done.run.figures.listed, 30U);
  EXPECT_TRUE(says_earlier(done));
  expect_downloads(1);
  world.clock.advance(minutes(1));
  const auto again = world.run();
  EXPECT_EQ(again.run.figures.listed, 31U) << "after a success the cohort is asked for anew";
  EXPECT_FALSE(says_earlier(again));
  expect_downloads(2);
}

TEST_F(CountedTest, ADropIsNoReasonToReadTheSameAgain) {
  world.configure({"create_missing: false"});
  read_from(world.amplitude, world.dir);
  EXPECT_EQ(world.run().run.status, RunStatus::kCompletedWithDrops);
  world.run();
  expect_downloads(2);
}

TEST_F(CountedTest, WhatTheGuardStoppedIsAskedForAnew) {
  ASSERT_FALSE(world.run().error);
  clear_cohort();
  enter(0);
  const auto stopped = world.run();
  ASSERT_TRUE(stopped.error);
  EXPECT_EQ(stopped.run.status, RunStatus::kStopped);
  for (int i = 1; i < 30; ++i) enter(i);  // a person mended the cohort
  EXPECT_FALSE(world.run().error);
  EXPECT_EQ(world.listed().size(), 30U);
  expect_downloads(3);
}

TEST_F(CountedTest, APlanBeforeTheFirstRunIsCountedAndItsDownloadIsTheRuns) {
  EXPECT_EQ(plan().adds, 30U);
  expect_downloads(1);
  const auto done = world.run();
  EXPECT_EQ(done.run.figures.listed, 30U);
  EXPECT_TRUE(says_earlier(done));
  expect_downloads(1);
  struct stat file {};
  for (const auto* name : {".muster/state.db", ".muster/vault.key"}) {
    ASSERT_EQ(::stat((world.dir / name).c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(CountedTest, EachPlanShowsTheCohortAsItIsNow) {
  EXPECT_EQ(plan().adds, 30U);
  enter(30);
  EXPECT_EQ(plan().adds, 31U);
  expect_downloads(2);
  EXPECT_EQ(world.run().run.figures.listed, 31U);
  expect_downloads(2);
}

TEST_F(CountedTest, APlanOfLongAgoIsNotTheRuns) {
  plan();
  world.clock.advance(hours(2));
  EXPECT_FALSE(says_earlier(world.run()));
  expect_downloads(2);
}

TEST_F(CountedTest, APlanThatCanNotBeRememberedSaysThatItCostsADownload) {
  world.dir.write(".muster", "no directory");
  EXPECT_EQ(plan().adds, 30U);
  ASSERT_EQ(world.told.notices.size(), 1U);
  EXPECT_THAT(world.told.notices[0], HasSubstr("can't be remembered"));
}

TEST_F(CountedTest, ALookAtAFileMakesNoState) {
  world.configure({});
  world.cohort(SyncWorld::people(3));
  EXPECT_EQ(plan().adds, 3U);
  EXPECT_FALSE(std::filesystem::exists(world.dir / ".muster"));
}

TEST_F(CountedTest, AnExplanationBeforeTheFirstRunIsCounted) {
  const auto workspace = world.open();
  const auto told =
      workspace->explain(workspace->config().sync("s"), "person3@example.com", world.told);
  ASSERT_EQ(told.people.size(), 1U);
  expect_downloads(1);
}

}  // namespace
}  // namespace muster::testing
