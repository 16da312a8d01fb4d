// A mirror: whoever is in the list and nobody of the cohort is taken out (remove_strangers).
#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class Mirror : public ::testing::Test {
 protected:
  //! Thirty people are listed.
  void SetUp() override {
    world.configure({"remove_strangers: true"});
    world.cohort(SyncWorld::people(30));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(24));
  }
  void meet_a_stranger() {
    auto& account = world.hubspot.account();
    account.add_member(world.list(), account.create("stranger@example.net").id);
  }

  SyncWorld world;
};

TEST_F(Mirror, StrangersAreRemovedFromAMirrorThoughHubSpotFailsForAWhile) {
  meet_a_stranger();
  world.fault("/memberships/add-and-remove", 503, 3);
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.verified->strangers, 0U);
  EXPECT_EQ(world.listed().size(), 30U);
}

TEST_F(Mirror, StrangersAreRemovedAsTheyWereReadWithoutReadingTheListForThem) {
  const auto reads = [this] { return world.hubspot.count("/memberships", "GET"); };
  const auto before = reads();
  EXPECT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto of_a_quiet_run = reads() - before;
  world.clock.advance(hours(1));
  meet_a_stranger();
  const auto result = world.run();
  EXPECT_EQ(world.listed().size(), 30U);
  // Once more, to prove that they are gone.
  EXPECT_EQ(reads() - before - of_a_quiet_run, 2 * of_a_quiet_run);
  EXPECT_EQ(count_of(read_file(result.report), ",remove,,,removed,,STRANGER,"), 1U);
}

//! A person made the contact, and put it into the list, before it is looked for again.
TEST_F(Mirror, ADroppedMemberWhomAPersonPutInIsNoStranger) {
  world.configure({"remove_strangers: true", "create_missing: false"});
  auto people = SyncWorld::people(30);
  people.emplace_back("late@example.com");
  world.cohort(people);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(dropped(world.run(), "not_found"), 1U);
  auto& account = world.hubspot.account();
  account.add_member(world.list(), account.create("late@example.com").id);
  meet_a_stranger();

  const auto result = world.run();  // an hour too early for another try
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.listed, 31U);
  EXPECT_EQ(result.run.figures.verified->strangers, 0U);
  EXPECT_TRUE(world.listed().contains(world.id_of("late@example.com")));
  EXPECT_FALSE(world.listed().contains(world.id_of("stranger@example.net")));
}

//! Whom the run has just looked for in vain is not looked for once more.
TEST_F(Mirror, WhoWasNotFoundByTheRunIsNotLookedForAgain) {
  world.configure({"remove_strangers: true", "create_missing: false"});
  auto people = SyncWorld::people(30);
  people.emplace_back("late@example.com");
  world.cohort(people);
  meet_a_stranger();
  world.hubspot.log().clear();
  EXPECT_EQ(dropped(world.run(), "not_found"), 1U);
  EXPECT_EQ(world.listed().size(), 30U);
  EXPECT_EQ(world.hubspot.count("/contacts/batch/read"), 1U);
}

TEST_F(Mirror, ARepairTakesNobodyOfTheCohortOut) {
  auto people = SyncWorld::people(30);
  people.emplace_back("joined@example.com");
  world.cohort(people);
  auto& account = world.hubspot.account();
  account.add_member(world.list(), account.create("joined@example.com").id);
  meet_a_stranger();

  const auto result = world.repair();
  EXPECT_EQ(result.strangers, 0U);
  EXPECT_TRUE(world.listed().contains(world.id_of("joined@example.com")));
  EXPECT_FALSE(world.listed().contains(world.id_of("stranger@example.net")));
  world.clock.advance(hours(1));
  const auto next = world.run();
  EXPECT_EQ(next.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(next.run.figures.listed, 31U);
  EXPECT_EQ(next.run.figures.created, 0U);
}

TEST_F(Mirror, StrangersStayInTheRunThatTakesTheListOver) {
  meet_a_stranger();
  for (const auto* name : {"state.db", "state.db-wal", "state.db-shm"}) {
    std::filesystem::remove(world.dir.path() / ".muster" / name);
  }
  world.told.notices.clear();
  RunOptions full;
  full.full = true;
  const auto adopting = world.run(full);
  EXPECT_FALSE(adopting.error) << adopting.error->what();
  EXPECT_EQ(world.listed().size(), 31U) << "nobody knows yet whom the list held for good";
  EXPECT_EQ(adopting.run.figures.verified->strangers, 1U);
  ASSERT_FALSE(world.told.notices.empty());
  EXPECT_NE(world.told.notices.back().find("the next one takes them out"), std::string::npos)
      << world.told.notices.back();
  world.clock.advance(hours(24));
  EXPECT_FALSE(world.run().error);
  EXPECT_EQ(world.listed().size(), 30U) << "as the sync says";
}

TEST_F(Mirror, StrangersThatCantBeRemovedAreNotCalledGone) {
  meet_a_stranger();
  world.fault("/memberships/add-and-remove", 503, -1);
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.run.status, RunStatus::kWaiting);
  EXPECT_EQ(world.listed().size(), 31U);
}

TEST_F(Mirror, WhoseStrangerHubSpotRefusesToTakeOutSaysSo) {
  meet_a_stranger();
  world.fault("/memberships/add-and-remove", 400, -1);
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kCompletedWithDrops);
  EXPECT_EQ(result.run.figures.not_removed, 1U);
  EXPECT_EQ(result.run.figures.removed, 0U);
  EXPECT_EQ(count_of(read_file(result.report), ",remove,,,not_removed,rejected_by_destination,"),
            1U);
  EXPECT_EQ(world.listed().size(), 31U);
}

}  // namespace
}  // namespace muster::testing
