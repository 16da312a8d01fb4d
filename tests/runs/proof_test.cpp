// Promise 3: what the read-back says of each member, over several runs.
#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class ProofTest : public ::testing::Test {
 protected:
  //! Everyone of thirty people is listed.
  void fill(const std::vector<std::string>& rules = {}) {
    world.configure(rules);
    world.cohort(SyncWorld::people(30));
    const auto first = world.run();
    ASSERT_EQ(first.run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(24));
  }
  void take_out(const std::string& email) {
    world.hubspot.account().remove_member(world.list(), world.id_of(email));
  }
  //! The same, run after run: listed, drifted, strangers.
  void expect_settled(std::uint64_t listed, std::uint64_t drifted, std::uint64_t strangers) {
    for (int i = 0; i < 4; ++i) {
      SCOPED_TRACE(i);
      const auto result = world.run();
      EXPECT_FALSE(result.error) << result.error->what();
      EXPECT_EQ(result.run.figures.listed, listed);
      EXPECT_EQ(dropped(result, "drifted"), drifted);
      ASSERT_TRUE(result.run.figures.verified);
      EXPECT_EQ(result.run.figures.verified->confirmed, listed);
      EXPECT_EQ(result.run.figures.verified->missing, drifted);
      EXPECT_EQ(result.run.figures.verified->strangers, strangers);
      world.clock.advance(hours(24));
    }
  }

  SyncWorld world;
};

TEST_F(ProofTest, DriftStaysReportedRunAfterRun) {
  fill();
  take_out("person3@example.com");
  expect_settled(29, 1, 0);
}

TEST_F(ProofTest, DriftOfLongAgoIsBelievedAtTheSecondLookAndFromThenOnAtOnce) {
  fill();
  take_out("person3@example.com");
  for (const auto longest : {2, 1}) {
    const auto before = world.clock.elapsed();
    world.run();
    EXPECT_LT(world.clock.elapsed() - before, std::chrono::seconds(longest));
    world.clock.advance(hours(24));
  }
}

TEST_F(ProofTest, ALaggingReadIsGivenItsTime) {
  world.hubspot.switches().membership_lag_ms = 9'000;
  world.cohort(SyncWorld::people(30));
  const auto first = world.run();
  EXPECT_EQ(first.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(first.run.figures.verified->confirmed, 30U);
  expect_settled(30, 0, 0);
}

TEST_F(ProofTest, ARunRightAfterOneThatDidNotReadBackWaitsForTheLag) {
  world.hubspot.switches().membership_lag_ms = 9'000;
  world.configure({"verify: false"});
  world.cohort(SyncWorld::people(30));
  world.run();
  world.configure({"verify: true"});
  const auto second = world.run();
  EXPECT_EQ(second.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(second.run.figures.verified->missing, 0U);
}

TEST_F(ProofTest, WhoWasWrittenOffAndMergedIntoTheListIsListedAgain) {
  fill();
  take_out("person3@example.com");
  expect_settled(29, 1, 0);
  auto& account = world.hubspot.account();
  auto& other = account.create("someone@example.net");
  account.add_member(world.list(), other.id);
  account.merge(*account.by_id(world.id_of("person3@example.com")), other, false);
  world.hubspot.log().clear();
  expect_settled(30, 0, 0);
  EXPECT_EQ(world.writes(), 0U);
}

TEST_F(ProofTest, WhoWasWrittenOffAndMergedOutsideTheListStaysDropped) {
  fill();
  take_out("person3@example.com");
  expect_settled(29, 1, 0);
  auto& account = world.hubspot.account();
  auto& other = account.create("someone@example.net");
  account.merge(*account.by_id(world.id_of("person3@example.com")), other, false);
  account.add_member(world.list(), account.create("stranger@example.net").id);
  expect_settled(29, 1, 1);
}

TEST_F(ProofTest, AnArchivedContactIsDriftUntilItIsRepaired) {
  fill();
  auto& account = world.hubspot.account();
  account.archive(*account.by_email("person3@example.com"));
  expect_settled(29, 1, 0);
  world.configure({"on_drift: repair"});
  const auto repaired = world.run();
  EXPECT_EQ(repaired.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(repaired.run.figures.created, 1U);
  world.clock.advance(hours(24));
  expect_settled(30, 0, 0);
}

TEST_F(ProofTest, AContactForgottenByHubSpotIsDrift) {
  fill();
  auto& account = world.hubspot.account();
  account.erase(*account.by_email("person3@example.com"));
  expect_settled(29, 1, 0);
}

TEST_F(ProofTest, AnArchivedContactIsMadeAgainInTheSameRunWhenDriftIsRepaired) {
  fill({"on_drift: repair"});
  auto& account = world.hubspot.account();
  account.archive(*account.by_email("person3@example.com"));
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.created, 1U);
  EXPECT_EQ(result.run.figures.added, 1U);
  world.clock.advance(hours(24));
  expect_settled(30, 0, 0);
}

TEST_F(ProofTest, ALookUpThatFailsForAWhileIsAskedAgain) {
  fill();
  auto& account = world.hubspot.account();
  auto& other = account.create("someone@example.net");
  account.merge(*account.by_email("person3@example.com"), other, false);
  world.fault("/batch/read", 503, 3);
  expect_settled(30, 0, 0);
}

TEST_F(ProofTest, ALookUpThatKeepsFailingWritesNobodyOff) {
  fill();
  auto& account = world.hubspot.account();
  auto& other = account.create("someone@example.net");
  account.merge(*account.by_email("person3@example.com"), other, false);
  world.fault("/batch/read", 503, -1);
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
  EXPECT_EQ(result.run.status, RunStatus::kWaiting);
  EXPECT_EQ(dropped(result, "drifted"), 0U);
  EXPECT_EQ(result.run.figures.listed, 30U);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  expect_settled(30, 0, 0);
}

TEST_F(ProofTest, AReadingThatBreaksOffGoesOnWhereItWas) {
  world.cohort(SyncWorld::people(600));
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  world.clock.advance(hours(1));
  world.hubspot.log().clear();
  world.fault("/memberships", 503, 2, 1);  // the second page
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.verified->confirmed, 600U);
  EXPECT_EQ(world.hubspot.count("/memberships", "GET"), 3U + 2U);
}

TEST_F(ProofTest, WhoWasRemovedAndIsStillSeenIsNoSuccess) {
  fill();
  world.hubspot.switches().membership_lag_ms = 3'600'000;
  world.cohort(SyncWorld::people(25));
  const auto result = world.run();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.run.status, RunStatus::kCompletedWithDrops);
  EXPECT_EQ(result.run.figures.removed, 0U) << "the run that sees them gone counts them";
  EXPECT_EQ(result.run.figures.verified->confirmed, 25U);
  EXPECT_EQ(result.run.figures.verified->strangers, 0U);
  EXPECT_EQ(result.run.figures.verified->leavers, 5U);
  EXPECT_EQ(count_of(read_file(result.report), ",remove,,,to_retry,,SEEN_IN_LIST,"), 5U);
  EXPECT_EQ(world.verify().leavers, 5U);
  world.clock.advance(hours(2));
  const auto next = world.run();
  EXPECT_EQ(next.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(next.run.figures.removed, 5U);
}

TEST_F(ProofTest, StrangersAreLeftAndCounted) {
  fill();
  auto& account = world.hubspot.account();
  account.add_member(world.list(), account.create("stranger@example.net").id);
  expect_settled(30, 0, 1);
  EXPECT_EQ(world.listed().size(), 31U);
}

TEST_F(ProofTest, ASilentDropIsTriedAgainLaterAndLater) {
  world.configure({});
  world.cohort(SyncWorld::people(3));
  simulator::Fault dropping;
  dropping.path = "/memberships/add";
  dropping.kind = "drop_member";
  dropping.status = 1;
  dropping.count = -1;
  world.hubspot.faults().add(dropping);
  const auto is_tried = [this] {
    const auto before = world.writes();
    EXPECT_EQ(dropped(world.run(), "silently_dropped"), 1U);
    return world.writes() > before;
  };
  EXPECT_TRUE(is_tried());
  EXPECT_TRUE(is_tried()) << "by the next run";
  EXPECT_FALSE(is_tried()) << "not within an hour";
  world.clock.advance(hours(1));
  EXPECT_TRUE(is_tried());
  world.clock.advance(hours(5));
  EXPECT_FALSE(is_tried()) << "not within six";
  world.clock.advance(hours(1));
  EXPECT_TRUE(is_tried());
}

TEST_F(ProofTest, WhoIsFoundAgainHasThatRunInTheHistoryOfTheirs) {
  fill();
  const auto id = world.id_of("person3@example.com");
  world.hubspot.account().remove_member(world.list(), id);
  ASSERT_EQ(dropped(world.run(), "drifted"), 1U);
  world.clock.advance(hours(2));
  world.hubspot.account().add_member(world.list(), id);
  const auto found = world.run();
  ASSERT_EQ(found.run.status, RunStatus::kSucceeded);
  const auto workspace = world.open();
  const auto told =
      workspace->explain(workspace->config().sync("s"), "person3@example.com", world.told);
  ASSERT_EQ(told.people.size(), 1U);
  ASSERT_FALSE(told.people[0].changes.empty());
  EXPECT_EQ(told.people[0].changes[0].change.run, found.run.id);
}

//! Without the list having changed: one answer that lost some of its entries is no drift.
TEST_F(ProofTest, WhoASinglePageHasLostDidNotDrift) {
  fill();
  world.clock.advance(hours(2));
  world.lie("/memberships", "GET", "lose_entries", 3);
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.verified->confirmed, 30U);
  EXPECT_EQ(result.run.figures.verified->missing, 0U);
}

//! Of the readings that wait for a removal to be seen, the last one loses entries.
TEST_F(ProofTest, WhoTheLastOfManyReadingsHasLostDidNotDrift) {
  fill();
  world.cohort(SyncWorld::people(29));
  world.lie("/memberships/add-and-remove", "PUT", "keep_member");
  world.lie("/memberships", "GET", "lose_entries", 5, 3);
  const auto result = world.run();
  EXPECT_EQ(dropped(result, "drifted"), 0U);
  EXPECT_EQ(result.run.figures.verified->confirmed, 29U);
  EXPECT_EQ(result.run.figures.verified->leavers, 1U);
}

//! The run that takes them out counts them.
TEST_F(ProofTest, WhoIsSeenInTheListAfterTheirRemovalIsNotCountedAsRemoved) {
  fill();
  world.cohort(SyncWorld::people(27));
  simulator::Fault keeping;
  keeping.path = "/memberships/add-and-remove";
  keeping.kind = "keep_member";
  keeping.status = 2;
  world.hubspot.faults().add(keeping);
  const auto first = world.run();
  EXPECT_EQ(first.run.figures.removed, 1U);
  EXPECT_EQ(first.run.figures.verified->leavers, 2U);
  world.clock.advance(hours(1));
  EXPECT_EQ(world.run().run.figures.removed, 2U);
  EXPECT_EQ(world.listed().size(), 27U);
}

//! HubSpot says that they were removed, by a record that it knows no more.
TEST_F(ProofTest, WhoseRemovalCameToNothingIsFoundBehindAMerge) {
  fill();
  auto& account = world.hubspot.account();
  world.hubspot.switches().merged_ids_are_missing = false;
  const auto other = account.create("other@example.com").id;
  account.merge(*account.by_email("person29@example.com"), *account.by_id(other), false);
  world.cohort(SyncWorld::people(29));
  world.lie("/memberships/add-and-remove", "PUT", "keep_member");
  auto result = world.run();
  EXPECT_EQ(result.run.figures.verified->leavers, 1U);
  EXPECT_EQ(result.run.figures.verified->strangers, 0U);
  ASSERT_EQ(world.listed().size(), 30U);
  world.clock.advance(hours(1));
  EXPECT_EQ(world.run().run.status, RunStatus::kSucceeded);
  EXPECT_EQ(world.listed().size(), 29U);
}

//! Strangers who were seen before are no reason to look for whoever was removed.
TEST_F(ProofTest, StrangersThatAreKnownCostARemovalNoCall) {
  fill();
  auto& account = world.hubspot.account();
  account.add_member(world.list(), account.create("stranger@example.com").id);
  world.clock.advance(hours(1));
  ASSERT_EQ(world.run().run.figures.verified->strangers, 1U);
  world.clock.advance(hours(1));
  world.cohort(SyncWorld::people(29));
  world.hubspot.log().clear();
  ASSERT_EQ(world.run().run.figures.removed, 1U);
  EXPECT_EQ(world.hubspot.count("/contacts/batch/read"), 0U);
}

//! An answer that holds nobody is no proof that somebody has left.
TEST_F(ProofTest, WhoAnEmptyAnswerDoesNotShowHasNotLeft) {
  fill({"guard: off"});
  world.cohort({});
  world.lie("/memberships/add-and-remove", "PUT", "keep_member");
  world.lie("/memberships", "GET", "empty_results");
  RunOptions emptied;
  emptied.allow_removals = true;
  EXPECT_EQ(world.run(emptied).run.figures.verified->leavers, 1U);
  world.clock.advance(hours(1));
  world.run(emptied);
  EXPECT_TRUE(world.listed().empty());
}

}  // namespace
}  // namespace muster::testing
