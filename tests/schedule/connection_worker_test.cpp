#include "schedule/connection_worker.hpp"

#include <gtest/gtest.h>

#include "run/lease.hpp"
#include "schedule/served_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

simulator::Fault failing(int status, std::int64_t count) {
  simulator::Fault fault;
  fault.status = status;
  fault.count = count;
  return fault;
}

TEST(ConnectionWorker, RunsNewSyncsAtOnceAndThenAtTheirCadence) {
  ServedWorld world(1, 2, "hourly");
  world.serve(minutes(59));
  EXPECT_EQ(world.begun("c0s0"), 1U);
  EXPECT_EQ(world.begun("c0s1"), 1U);
  world.serve(hours(7 * 24));
  EXPECT_EQ(world.begun("c0s0"), 1U + 7 * 24);
  EXPECT_EQ(world.begun("c0s1"), 1U + 7 * 24);
  EXPECT_EQ(world.ended(RunStatus::kSucceeded), world.told.begun.size());
}

TEST(ConnectionWorker, TellsWhenTheNextRunIs) {
  ServedWorld world(1, 1, "hourly");
  const auto start = world.clock.now();
  world.serve(minutes(1));
  ASSERT_EQ(world.told.runs.size(), 1U);
  EXPECT_EQ(world.told.runs[0].next, start + hours(1));
  EXPECT_EQ(world.told.runs[0].result.run.started_by, StartedBy::kSchedule);
}

TEST(ConnectionWorker, LeavesManualSyncsToPeople) {
  ServedWorld world(1, 1, "manual");
  world.serve(hours(48));
  EXPECT_TRUE(world.told.begun.empty());
}

TEST(ConnectionWorker, RunsOnceForManyMissedRuns) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(10));
  world.clock.advance(hours(50));
  world.serve(minutes(10));
  EXPECT_EQ(world.begun("c0s0"), 2U);
}

TEST(ConnectionWorker, GoesOnWhereAnotherProcessEnded) {
  ServedWorld world(1, 1, "daily");
  world.serve(minutes(10));
  world.start();
  world.serve(hours(23));
  EXPECT_EQ(world.begun("c0s0"), 1U);
  world.serve(hours(1));
  EXPECT_EQ(world.begun("c0s0"), 2U);
}

TEST(ConnectionWorker, KeepsItsBackoffOverARestart) {
  ServedWorld world(1, 1, "daily");
  world.accounts[0]->faults().add(failing(500, -1));
  world.serve(hours(3));
  const auto tries = world.begun("c0s0");
  EXPECT_GE(tries, 6U);
  EXPECT_LE(tries, 9U);
  world.start();
  world.serve(minutes(1));
  EXPECT_LE(world.begun("c0s0"), tries + 1);
}

TEST(ConnectionWorker, TriesAFailedRunAgainAndThenKeepsTheCadence) {
  ServedWorld world(1, 1, "hourly");
  const auto start = world.clock.now();
  world.dir.write("c0s0.csv", "other\n1\n");  // not the column
  world.serve(seconds(90));
  EXPECT_EQ(world.begun("c0s0"), 2U);
  world.write_cohort("c0s0", {"ada@example.com"});
  world.serve(minutes(30));
  EXPECT_EQ(world.ended(RunStatus::kSucceeded), 1U);
  EXPECT_EQ(world.told.runs.back().next, start + hours(1));
}

TEST(ConnectionWorker, ResumesAWaitingRunWhenTheDestinationSaid) {
  ServedWorld world(1, 1, "hourly");
  auto fault = failing(429, 1);
  fault.policy = "SECONDLY";
  fault.retry_after_s = 4 * 3600;
  fault.path = "/crm/";
  world.accounts[0]->faults().add(fault);
  const auto start = world.clock.now();
  world.serve(hours(4) - minutes(1));
  ASSERT_EQ(world.told.runs.size(), 1U);
  EXPECT_EQ(world.told.runs[0].result.run.status, RunStatus::kWaiting);
  EXPECT_GE(*world.told.runs[0].next, start + hours(4));
  world.serve(minutes(10));
  ASSERT_EQ(world.told.runs.size(), 2U);
  EXPECT_EQ(world.told.runs[1].result.run.status, RunStatus::kSucceeded);
}

TEST(ConnectionWorker, GuardStopsARunUntilTheNextOneOfItsCadence) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(10));
  world.write_cohort("c0s0", {});
  world.serve(hours(2));
  EXPECT_EQ(world.begun("c0s0"), 3U);
  EXPECT_EQ(world.ended(RunStatus::kStopped), 2U);
}

TEST(ConnectionWorker, LeavesADisconnectedConnectionAloneAndSaysSoOnce) {
  ServedWorld world(1, 2, "hourly");
  world.serve(minutes(10));
  world.set_connection("c0", ConnectionState::kDisconnected);
  world.serve(hours(5));
  EXPECT_EQ(world.told.begun.size(), 2U);
  EXPECT_EQ(world.told.held, std::vector<std::string>{"c0"});
}

TEST(ConnectionWorker, GoesOnWhenTheConnectionIsBack) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(10));
  world.set_connection("c0", ConnectionState::kDisconnected);
  world.serve(hours(5));
  world.set_connection("c0", ConnectionState::kConnected);
  world.serve(minutes(1));
  EXPECT_EQ(world.told.released, std::vector<std::string>{"c0"});
  EXPECT_EQ(world.begun("c0s0"), 2U);
}

TEST(ConnectionWorker, RestsWhenTheDestinationWithdrawsTheAccess) {
  ServedWorld world(2, 2, "hourly");
  world.serve(minutes(10));
  simulator::Fault fault;
  fault.kind = "unauthorized";
  fault.count = -1;
  world.accounts[0]->faults().add(fault);
  world.serve(hours(6));
  EXPECT_EQ(world.told.held, std::vector<std::string>{"c0"});
  EXPECT_EQ(world.begun("c0s0") + world.begun("c0s1"), 3U);
  EXPECT_EQ(world.begun("c1s0"), 7U);
}

TEST(ConnectionWorker, WaitsForARunOfSomebodyElse) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(10));
  {
    auto store = world.store();
    const auto sync = store->sync("c0s0");
    ASSERT_TRUE(store->take_lease(sync->id, "somebody else", world.clock.now(), hours(2)));
    world.serve(hours(1));
    EXPECT_FALSE(world.told.not_run.empty());
    EXPECT_EQ(world.told.not_run[0].second.kind(), ErrorKind::kBusy);
    EXPECT_EQ(world.told.runs.size(), 1U);
    store->release_lease(sync->id, "somebody else");
  }
  world.serve(minutes(2));
  EXPECT_EQ(world.told.runs.size(), 2U);
}

TEST(ConnectionWorker, CountsARunOfSomebodyElseAsItsOwn) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(30));
  {
    auto store = world.store();
    RunRow run;
    run.sync = "c0s0";
    run.started = world.clock.now();
    run.id = store->start_run(run);
    run.status = RunStatus::kSucceeded;
    run.finished = world.clock.now();
    store->update_run(run);
  }
  world.serve(minutes(45));
  EXPECT_EQ(world.begun("c0s0"), 1U);
  world.serve(minutes(30));
  EXPECT_EQ(world.begun("c0s0"), 2U);
}

TEST(ConnectionWorker, TakesAChangedConfigurationOver) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(10));
  auto text = read_file(world.dir / "muster.yaml");
  text.replace(text.find("cadence: hourly"), 15, "cadence: every 10m");
  world.dir.write("muster.yaml", text);
  world.workers[0].worker->adopt(read_workspace(world.dir.path()));
  world.workers[0].again = world.clock.now();
  world.serve(hours(1));
  EXPECT_GE(world.begun("c0s0"), 6U);
}

TEST(ConnectionWorker, AStateThatFailsIsToldAndTriedAgain) {
  ServedWorld world(1, 1, "hourly");
  world.dir.write(".muster/state.db", "this is no state of muster's, and never was one");
  world.serve(minutes(3));
  ASSERT_EQ(world.told.troubles.size(), 3U);
  std::filesystem::remove(world.dir.path() / ".muster/state.db");
  world.serve(minutes(3));
  EXPECT_EQ(world.ended(RunStatus::kSucceeded), 1U);
}

TEST(ConnectionWorker, LeavesNoLease) {
  ServedWorld world(1, 1, "hourly");
  world.serve(minutes(10));
  auto store = world.store();
  EXPECT_EQ(store->lease_owner(store->sync("c0s0")->id), std::nullopt);
}

TEST(LeaseOwner, OfAWorkerIsKnownToLive) {
  EXPECT_FALSE(is_known_dead(this_process_as_owner()));
  EXPECT_FALSE(is_known_dead(this_process_as_owner("c0")));
  EXPECT_NE(this_process_as_owner("c0"), this_process_as_owner("c1"));
}

TEST(CheckCadences, SaysWhereABadOneStands) {
  ServedWorld world(1, 1, "hourly");
  auto text = read_file(world.dir / "muster.yaml");
  text.replace(text.find("cadence: hourly"), 15, "cadence: hourlyy");
  world.dir.write("muster.yaml", text);
  try {
    check_cadences(read_workspace(world.dir.path()));
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(error.where().find("muster.yaml:5:"), std::string::npos) << error.where();
  }
}

}  // namespace
}  // namespace muster::testing
