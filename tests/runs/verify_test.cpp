// `muster verify`: the proof outside a run.
#include "run/verify.hpp"

#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class VerifyTest : public ::testing::Test {
 protected:
  void fill(const std::vector<std::string>& rules = {}) {
    world.configure(rules);
    world.cohort(SyncWorld::people(30));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(24));
    world.hubspot.log().clear();
  }
  void take_out(const std::string& email) {
    world.hubspot.account().remove_member(world.list(), world.id_of(email));
  }
  simulator::ContactId add_stranger() {
    auto& account = world.hubspot.account();
    const auto id = account.create("stranger@example.net").id;
    account.add_member(world.list(), id);
    return id;
  }
  static void expect(const VerifyResult& result, std::uint64_t confirmed, std::uint64_t missing,
                     std::uint64_t strangers, std::uint64_t repaired) {
    EXPECT_EQ(result.expected, confirmed + missing);
    EXPECT_EQ(result.confirmed, confirmed);
    EXPECT_EQ(result.missing, missing);
    EXPECT_EQ(result.strangers, strangers);
    EXPECT_EQ(result.repaired, repaired);
  }

  SyncWorld world;
};

TEST_F(VerifyTest, AListThatIsRightIsConfirmed) {
  fill();
  expect(world.verify(), 30, 0, 0, 0);
}

TEST_F(VerifyTest, DriftIsCountedAndNothingChanged) {
  fill();
  take_out("person3@example.com");
  add_stranger();
  for (int i = 0; i < 2; ++i) expect(world.verify(), 29, 1, 1, 0);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.store()->runs("s", 10).size(), 1U);  // none was added to the history
}

//! Of a run that did not end nobody knows who is in the list: that is no list that is right.
TEST_F(VerifyTest, MembersThatARunLeftOpenAreNotSettled) {
  fill();
  world.configure({"guard: off", "retry_for: 1s"});
  world.cohort(SyncWorld::people(100));
  simulator::Fault lost;
  lost.path = "/memberships/add-and-remove";
  lost.kind = "reset";
  lost.applied = true;
  lost.count = -1;
  world.hubspot.faults().add(lost);
  ASSERT_TRUE(world.run().error);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  world.cohort(SyncWorld::people(40));
  for (const auto& result : {world.verify(), world.repair()}) {
    expect(result, 30, 0, 0, 0);
    EXPECT_EQ(result.unsettled, 70U);
  }
  world.clock.advance(hours(1));
  ASSERT_FALSE(world.run().error);
  EXPECT_EQ(world.listed().size(), 40U);
  EXPECT_EQ(world.verify().unsettled, 0U);
}

//! With `verify: false` no run reads the list: `muster verify` alone has seen them there.
TEST_F(VerifyTest, WhomItHasSeenAndSomebodyTookOutDriftedAway) {
  fill({"verify: false"});
  expect(world.verify(), 30, 0, 0, 0);
  take_out("person3@example.com");
  world.configure({"on_drift: report"});
  const auto result = world.run();
  EXPECT_EQ(dropped(result, "drifted"), 1U);
  EXPECT_EQ(world.listed().size(), 29U);
}

TEST_F(VerifyTest, WhoWasNeverSeenIsAddedOnceMore) {
  fill({"verify: false"});
  take_out("person3@example.com");
  expect(world.verify(), 29, 1, 0, 0);
  world.configure({"on_drift: report"});
  EXPECT_EQ(world.run().run.status, RunStatus::kSucceeded);
  EXPECT_EQ(world.listed().size(), 30U);
}

TEST_F(VerifyTest, TheSourceIsNotReadWhenNobodyIsMissing) {
  fill();
  add_stranger();
  world.dir.write("cohort.csv", "no such column\n");
  expect(world.verify(), 30, 0, 1, 0);
}

TEST_F(VerifyTest, RepairAddsTheMissingAndLeavesStrangers) {
  fill();
  take_out("person3@example.com");
  const auto stranger = add_stranger();
  const auto result = world.repair();
  expect(result, 30, 0, 1, 1);
  ASSERT_TRUE(result.run);
  EXPECT_EQ(result.run->run.mode, RunMode::kRepair);
  EXPECT_EQ(result.run->run.status, RunStatus::kSucceeded);
  EXPECT_EQ(count_of(read_file(result.run->report), ",added,,DRIFTED,"), 1U);
  EXPECT_TRUE(world.listed().contains(stranger));
  EXPECT_TRUE(world.listed().contains(world.id_of("person3@example.com")));
  expect(world.verify(), 30, 0, 1, 0);
}

TEST_F(VerifyTest, RepairRemovesTheStrangersOfAMirror) {
  fill({"remove_strangers: true"});
  const auto stranger = add_stranger();
  expect(world.repair(), 30, 0, 0, 1);
  EXPECT_FALSE(world.listed().contains(stranger));
}

TEST_F(VerifyTest, RepairMendsWhatARunOnlyReported) {
  fill();
  take_out("person3@example.com");
  EXPECT_EQ(dropped(world.run(), "drifted"), 1U);
  expect(world.verify(), 29, 1, 0, 0);
  expect(world.repair(), 30, 0, 0, 1);
  EXPECT_EQ(world.run().run.status, RunStatus::kSucceeded);
}

TEST_F(VerifyTest, RepairMakesAnArchivedContactAgain) {
  fill();
  world.hubspot.account().archive(*world.hubspot.account().by_email("person3@example.com"));
  expect(world.verify(), 29, 1, 0, 0);
  expect(world.repair(), 30, 0, 0, 1);
}

TEST_F(VerifyTest, RepairThatCantMendSaysWhatIsLeft) {
  world.configure({"create_missing: false"});
  for (const auto& email : SyncWorld::people(30)) world.hubspot.account().create(email);
  world.cohort(SyncWorld::people(30));
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  world.clock.advance(hours(24));
  world.hubspot.account().archive(*world.hubspot.account().by_email("person3@example.com"));
  const auto result = world.repair();
  expect(result, 29, 0, 0, 0);
  EXPECT_EQ(dropped(*result.run, "not_found"), 1U);  // there is nobody to add any more
  EXPECT_EQ(result.run->run.status, RunStatus::kCompletedWithDrops);
}

TEST_F(VerifyTest, RepairSendsNothingButWhatIsMissing) {
  fill();
  take_out("person3@example.com");
  auto people = SyncWorld::people(32);  // two more
  people.erase(people.begin());         // one less
  world.cohort(people);
  const auto result = world.repair();
  expect(result, 30, 0, 0, 1);
  const auto& figures = result.run->run.figures;
  EXPECT_EQ(figures.members, 31U);
  EXPECT_EQ(figures.listed, 29U);
  EXPECT_EQ(figures.to_retry, 2U);
  EXPECT_EQ(world.listed().size(), 30U);
  EXPECT_EQ(world.hubspot.count("/batch/create"), 0U);
}

TEST_F(VerifyTest, WhoLeftTheCohortAndTheListIsNotMissingAfterARepair) {
  fill();
  take_out("person29@example.com");
  world.cohort(SyncWorld::people(29));
  expect(world.verify(), 29, 1, 0, 0);
  expect(world.repair(), 29, 0, 0, 0);
  const auto next = world.run();
  EXPECT_EQ(next.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(next.run.figures.listed, 29U);
  EXPECT_EQ(next.run.figures.removed, 0U);
}

TEST_F(VerifyTest, WhoWasToLeaveAndIsStillThereDiffersUntilARepair) {
  fill();
  world.cohort(SyncWorld::people(25));
  world.fault("/add-and-remove", 503, -1);
  world.fault("/memberships/remove", 503, -1);
  ASSERT_EQ(world.run().run.status, RunStatus::kWaiting);
  world.hubspot.faults().clear();
  ASSERT_EQ(world.listed().size(), 30U);
  const auto found = world.verify();
  expect(found, 25, 0, 0, 0);
  EXPECT_EQ(found.leavers, 5U);
  const auto mended = world.repair();
  expect(mended, 25, 0, 0, 5);
  EXPECT_EQ(mended.leavers, 0U);
  EXPECT_EQ(mended.run->run.status, RunStatus::kSucceeded);
  EXPECT_EQ(world.listed().size(), 25U);
  EXPECT_EQ(world.verify().leavers, 0U);
  EXPECT_EQ(world.run().run.figures.removed, 0U);
}

TEST_F(VerifyTest, WhoLeavesAndIsBackBeforeARepairStays) {
  fill();
  world.cohort(SyncWorld::people(25));
  world.fault("/memberships", 503, -1);
  ASSERT_EQ(world.run().run.status, RunStatus::kWaiting);
  world.hubspot.faults().clear();
  world.cohort(SyncWorld::people(26));
  EXPECT_EQ(world.repair().leavers, 0U);
  EXPECT_EQ(world.listed().size(), 26U);
}

//! A run that died between the answer to its removals and the state's learning of it.
TEST_F(VerifyTest, ReadsThatLagBehindTheRemovalsOfADeadRunAreWaitedFor) {
  fill();
  {
    const auto store = world.store();
    RunRow dead;
    dead.sync = "s";
    dead.started = world.clock.now();
    store->start_run(dead);
    const auto sync = store->sync("s")->id;
    const auto id = std::to_string(world.id_of("person3@example.com"));
    auto row = store->members_with_record(sync, id).at(0);
    row.state = MemberState::kLeaving;
    store->put_member(sync, row);
  }
  world.hubspot.switches().membership_lag_ms = 9'000;
  take_out("person3@example.com");
  const auto result = world.verify();
  expect(result, 29, 0, 0, 0);
  EXPECT_EQ(result.leavers, 0U);
}

//! Without a read-back a run forgets whom it removed.
TEST_F(VerifyTest, ReadsThatLagBehindARunWithoutProofAreWaitedFor) {
  fill({"verify: false"});
  world.hubspot.switches().membership_lag_ms = 9'000;
  world.cohort(SyncWorld::people(28));
  ASSERT_EQ(world.run().run.figures.removed, 2U);
  expect(world.verify(), 28, 0, 0, 0);
}

TEST_F(VerifyTest, AStrangerIsNotWaitedForLongAfterTheLastRun) {
  fill();
  add_stranger();
  const auto began = world.clock.elapsed();
  expect(world.verify(), 30, 0, 1, 0);
  EXPECT_LT(world.clock.elapsed() - began, Milliseconds{1'000});
}

TEST_F(VerifyTest, AMergedContactIsNotMissing) {
  fill();
  auto& account = world.hubspot.account();
  auto& other = account.create("someone@example.net");
  account.merge(*account.by_email("person3@example.com"), other, false);
  for (int i = 0; i < 2; ++i) expect(world.verify(), 30, 0, 0, 0);
}

TEST_F(VerifyTest, ADeletedListHoldsNobody) {
  fill();
  world.list().deleted = world.clock.now();
  const auto result = world.verify();
  EXPECT_TRUE(result.list_gone);
  expect(result, 0, 30, 0, 0);
}

TEST_F(VerifyTest, RepairMakesADeletedListAgain) {
  fill();
  world.list().deleted = world.clock.now();
  expect(world.repair(), 30, 0, 0, 30);
  EXPECT_EQ(world.listed().size(), 30U);
}

TEST_F(VerifyTest, NothingCanBeVerifiedBeforeTheFirstRun) {
  world.cohort(SyncWorld::people(1));
  try {
    world.verify();
    FAIL() << "it verified nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "verify.no_list");
  }
}

TEST_F(VerifyTest, AnotherRunInProgressIsNotDisturbed) {
  fill();
  const auto store = world.store();
  const auto sync = store->sync("s");
  ASSERT_TRUE(store->take_lease(sync->id, "someone else", world.clock.now(), hours(1)));
  try {
    world.verify();
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
  }
}

TEST_F(VerifyTest, AnUnreachableHubSpotIsTriedAgainLater) {
  fill();
  world.fault("/memberships", 503, -1);
  try {
    world.verify();
    FAIL() << "it read nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kLater);
    // Not "the same sync": that is another command.
    EXPECT_NE(error.hint().find("run the same command again"), std::string::npos) << error.hint();
  }
}

TEST_F(VerifyTest, ARepairThatFailsGivesNoVerdict) {
  fill();
  take_out("person3@example.com");
  world.fault("/memberships", 503, -1);
  const auto result = world.repair();
  ASSERT_TRUE(result.run && result.run->error);
  EXPECT_FALSE(result.was_read);
  world.hubspot.faults().clear();
  EXPECT_TRUE(world.repair().was_read);
}

TEST_F(VerifyTest, ARefusedTokenMarksTheConnection) {
  fill();
  simulator::Fault fault;
  fault.kind = "unauthorized";
  fault.count = -1;
  world.hubspot.faults().add(fault);
  try {
    world.verify();
    FAIL() << "it read nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kReconnect);
  }
  EXPECT_EQ(world.store()->connection("c")->state, ConnectionState::kRevoked);
}

}  // namespace
}  // namespace muster::testing
