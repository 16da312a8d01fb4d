// A deleted list that a run restores, or can't.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/world.hpp"

namespace muster {
namespace {

using simulator::SimRequest;
using testing::RecoveryWorld;

class RestoredList : public ::testing::Test {
 protected:
  RestoredList() {
    world_.cohort({"a@x.com"});
    world_.sync();
    world_.cohort({"a@x.com", "b@x.com"});
  }
  //! Of the run that finds it gone once it has added b@x.com.
  RunResult run_that_loses_it() {
    world_.before = [&](const SimRequest& request) {
      const bool of_lists = request.path().find("/lists/") != std::string::npos;
      const bool is_read = request.method == "GET" && of_lists;
      if (is_read && added_ && !std::exchange(deleted_, true)) {
        world_.list().deleted = world_.clock.now();
      }
      added_ = added_ || (request.method == "PUT" && of_lists);
    };
    return world_.sync();
  }

  RecoveryWorld world_{"on_list_deleted: restore"};
  bool added_ = false;
  bool deleted_ = false;
};

TEST_F(RestoredList, HoldsWhomTheRunHadAddedBefore) {
  const auto run = run_that_loses_it();

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_EQ(run.run.figures.added, 1U);
  EXPECT_EQ(run.run.figures.unchanged, 1U);
  EXPECT_EQ(run.run.figures.listed, 2U);
}

//! The add is lost in silence, and the list is deleted just as it is sent once more.
TEST_F(RestoredList, CountsWhoWasToBeSentAgainOnce) {
  simulator::Fault fault;
  fault.path = "add-and-remove";
  fault.kind = "drop_member";
  fault.status = 1;
  world_.fault(fault);
  std::size_t writes = 0;
  world_.before = [&](const SimRequest& request) {
    const bool writes_members = request.path().find("add-and-remove") != std::string::npos;
    if (writes_members && ++writes == 2) world_.list().deleted = world_.clock.now();
  };

  const auto run = world_.sync();

  EXPECT_GT(writes, 2U);
  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_EQ(run.run.figures.added, 1U);
  EXPECT_EQ(run.run.figures.unchanged, 1U);
  EXPECT_EQ(run.run.figures.listed, 2U);
}

TEST_F(RestoredList, ThatCantBeHadNowLeavesNobodyWithoutARow) {
  world_.sync();
  world_.list().deleted = world_.clock.now();
  world_.cohort({"a@x.com", "b@x.com", "c@x.com"});
  simulator::Fault fault;
  fault.path = "/restore";
  fault.count = -1;
  world_.fault(fault);

  const auto run = world_.sync();

  ASSERT_TRUE(run.error);
  EXPECT_EQ(run.run.figures.to_retry, 1U);
  const auto report = testing::read_file(run.report);
  EXPECT_NE(report.find("add,,c@x.com,to_retry,"), std::string::npos) << report;
}

//! A list that could not be restored is made again; the process dies before it knows that one.
TEST_F(RestoredList, GivesWayToTheOneThatADeadRunMadeInItsStead) {
  world_.list().deleted = world_.clock.now();
  simulator::Fault fault;
  fault.path = "/restore";
  fault.status = 400;
  world_.fault(fault);
  world_.die_in_a_sync([](const SimRequest& request) {
    return request.method == "POST" && request.path() == "/crm/lists/2026-09";
  });

  const auto run = world_.sync();

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_EQ(run.run.figures.listed, 2U);
  EXPECT_EQ(world_.list().members.size(), 2U);
}

//! The answer is lost, and so is the one to the question whether it came about.
TEST_F(RestoredList, IsNotMadeAgainWhileNobodyCanTellWhetherItIsThere) {
  world_.list().deleted = world_.clock.now();
  world_.fault({"/restore", "PUT", 0, 1, "status", 503, "", -1, 0, true});
  std::size_t tries = 0;
  world_.before = [&](const SimRequest& request) {
    if (!request.path().ends_with("/restore") || ++tries != 2) return;
    world_.fault({"/crm/lists/2026-09/", "GET", 0, 1, "status", 500, "", -1, 0, false});
  };

  const auto run = world_.sync();

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_GE(tries, 2U);
  EXPECT_EQ(world_.hubspot.account().lists().size(), 1U);
  EXPECT_EQ(run.run.figures.listed, 2U);
}

//! Somebody else's list is not taken for it.
TEST_F(RestoredList, IsNotReplacedByOneOfTheSameNameThatNobodyHereMade) {
  world_.list().deleted = world_.clock.now();
  world_.hubspot.account().create_list(RecoveryWorld::kList);

  const auto run = world_.sync();

  ASSERT_TRUE(run.error);
  EXPECT_EQ(run.error->code(), "hubspot.list_taken");
  EXPECT_TRUE(world_.list().members.empty());
}

}  // namespace
}  // namespace muster
