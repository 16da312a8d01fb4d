// What the report of a run says of removals and updates that were not done.
#include <gtest/gtest.h>

#include "run/report.hpp"
#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class ReportTest : public ::testing::Test {
 protected:
  void fill(std::size_t count, const std::vector<std::string>& rules = {}) {
    world.configure(rules);
    world.cohort(SyncWorld::people(count));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(1));
  }
  static std::size_t removals(const RunResult& result, const std::string& outcome) {
    return count_of(read_file(result.report), ",remove,,," + outcome + ",");
  }
  void fail_removals(int status) {
    for (const auto* path : {"/add-and-remove", "/memberships/remove"}) {
      world.fault(path, status, -1);
    }
  }

  SyncWorld world;
};

TEST_F(ReportTest, RemovalsThatTheGuardStoppedAreToBeRetried) {
  fill(30);
  world.cohort(SyncWorld::people(10));
  const auto result = world.run();
  ASSERT_EQ(result.run.status, RunStatus::kStopped);
  EXPECT_EQ(removals(result, "to_retry"), 20U);
  EXPECT_EQ(count_of(read_file(result.report), ",remove,,,to_retry,,,,"), 0U);  // by their records
}

TEST_F(ReportTest, RemovalsThatTheDestinationDidNotDoAreToBeRetried) {
  fill(30);
  fail_removals(503);
  world.cohort(SyncWorld::people(25));
  const auto result = world.run();
  ASSERT_EQ(result.run.status, RunStatus::kWaiting);
  EXPECT_EQ(removals(result, "to_retry"), 5U);
  world.hubspot.faults().clear();
  const auto next = world.run();
  EXPECT_EQ(removals(next, "to_retry"), 0U);
  EXPECT_EQ(removals(next, "removed"), 5U);
}

//! `removed` counts changes that the run made.
TEST_F(ReportTest, WhoWasTakenOutByOthersBeforeLeavesUncounted) {
  for (const auto* verify : {"verify: true", "verify: false"}) {
    SCOPED_TRACE(verify);
    fill(30, {verify});
    const auto gone = world.id_of("person29@example.com");
    world.hubspot.account().remove_member(world.list(), gone);
    world.cohort(SyncWorld::people(28));
    const auto result = world.run();
    EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
    EXPECT_EQ(result.run.figures.removed, 1U);
    EXPECT_EQ(removals(result, "removed"), 1U);
    EXPECT_EQ(count_of(read_file(result.report), "remove,,,unchanged,,GONE_BEFORE,"), 1U);
    EXPECT_EQ(world.run().run.figures.removed, 0U);
    const auto workspace = world.open();
    const auto told =
        workspace->explain(workspace->config().sync("s"), std::to_string(gone), world.told);
    ASSERT_FALSE(told.people.front().changes.empty());
    EXPECT_EQ(told.people.front().changes.front().change.detail, "GONE_BEFORE");
  }
}

//! The answer is lost, and the next one says that they are not in the list.
TEST_F(ReportTest, ARemovalThatTookEffectUnseenIsCounted) {
  fill(30);
  simulator::Fault lost;
  lost.path = "/memberships";
  lost.method = "PUT";
  lost.kind = "reset";
  lost.applied = true;
  world.hubspot.faults().add(lost);
  world.cohort(SyncWorld::people(28));
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(count_of(read_file(result.report), "remove,,,unchanged,,FOUND_GONE,"), 2U);
  EXPECT_EQ(result.run.figures.removed, 2U);
}

TEST_F(ReportTest, WhoseRecordStaysForAnotherMemberIsToldAsSuch) {
  fill(30);
  auto& account = world.hubspot.account();
  auto& survivor = account.merge(*account.by_email("person29@example.com"),
                                 *account.by_email("person1@example.com"), false);
  world.run();
  world.cohort(SyncWorld::people(29));
  const auto result = world.run();
  EXPECT_EQ(result.run.figures.removed, 1U);
  EXPECT_EQ(count_of(read_file(result.report), "remove,,,unchanged,,RECORD_STAYS,"), 1U);
  const auto workspace = world.open();
  const auto told =
      workspace->explain(workspace->config().sync("s"), "person29@example.com", world.told);
  std::size_t tells = 0;
  for (const auto& person : told.people) {
    for (const auto& one : person.changes) tells += one.change.detail == "RECORD_STAYS" ? 1 : 0;
  }
  EXPECT_EQ(tells, 1U);
  EXPECT_TRUE(world.listed().contains(survivor.id));
}

TEST_F(ReportTest, ARemovalOfARunThatDiedIsCountedByTheNext) {
  fill(30);
  simulator::Fault lost;
  lost.path = "/memberships";
  lost.method = "PUT";
  lost.kind = "reset";
  lost.applied = true;
  lost.count = -1;
  world.hubspot.faults().add(lost);
  world.cohort(SyncWorld::people(28));
  ASSERT_EQ(world.run().run.figures.removed, 0U);
  world.hubspot.faults().clear();
  EXPECT_EQ(world.run().run.figures.removed, 2U);
}

TEST_F(ReportTest, RemovalsBehindAddsThatFailedAreToBeRetried) {
  fill(30);
  world.fault("/memberships", 503, -1);
  auto people = SyncWorld::people(32);
  people.erase(people.begin(), people.begin() + 3);
  world.cohort(people);
  const auto result = world.run();
  ASSERT_EQ(result.run.status, RunStatus::kWaiting);
  EXPECT_EQ(removals(result, "to_retry"), 3U);
}

TEST_F(ReportTest, ARefusedRemovalIsToldAndNotTriedAgainInTheRun) {
  fill(30);
  fail_removals(400);
  world.cohort(SyncWorld::people(28));
  const auto began = world.clock.elapsed();
  const auto result = world.run();
  EXPECT_FALSE(result.error) << result.error->what();
  EXPECT_EQ(result.run.status, RunStatus::kCompletedWithDrops);
  ASSERT_TRUE(result.run.figures.verified);
  EXPECT_EQ(result.run.figures.verified->leavers, 2U);
  EXPECT_EQ(count_of(read_file(result.report), ",not_removed,rejected_by_destination,"), 2U);
  EXPECT_EQ(result.run.figures.not_removed, 2U);
  EXPECT_EQ(removals(result, "to_retry"), 0U);
  EXPECT_LT(world.clock.elapsed() - began, Milliseconds{60'000});
  world.hubspot.faults().clear();
  const auto next = world.run();
  EXPECT_EQ(next.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(next.run.figures.removed, 2U);
}

TEST_F(ReportTest, AnInterruptionInsideACallIsToldAsOneWithWhatIsLeft) {
  fill(30);
  world.cohort(SyncWorld::people(25));
  world.hubspot.faults().set_source(
      [&](const simulator::SimRequest& request) -> std::optional<simulator::Fault> {
        if (request.method != "PUT") return std::nullopt;
        world.cancellation.request();
        return simulator::Fault{};  // 503: the call waits, and is ended
      });
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "run.interrupted");
  EXPECT_FALSE(result.error->hint().empty());
  EXPECT_EQ(result.run.status, RunStatus::kStopped);
  EXPECT_EQ(removals(result, "to_retry"), 5U);
}

//! A run that is killed leaves in the history what it had done.
TEST_F(ReportTest, TheHistoryHasTheFiguresOfEveryBatch) {
  world.cohort(SyncWorld::people(250));
  std::optional<RunRow> seen;
  world.hubspot.faults().set_source(
      [&](const simulator::SimRequest& request) -> std::optional<simulator::Fault> {
        const bool reads =
            request.method == "GET" && request.target.find("/memberships") != std::string::npos;
        if (reads && !seen) seen = world.store()->run(RunId{1});
        return std::nullopt;
      });
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->status, RunStatus::kRunning);
  EXPECT_EQ(seen->figures.members, 250U);
  EXPECT_EQ(seen->figures.listed, 250U);
  EXPECT_GT(seen->figures.calls, 0U);
  EXPECT_FALSE(seen->figures.verified);
}

//! A kill in the midst of a batch leaves in the history what the run has cost.
TEST_F(ReportTest, TheHistoryHasTheCostOfABatchInHand) {
  world.cohort(SyncWorld::people(3000));
  world.hubspot.switches().burst_limit = 5;
  std::optional<RunRow> seen;
  world.hubspot.faults().set_source(
      [&](const simulator::SimRequest& request) -> std::optional<simulator::Fault> {
        const bool adds =
            request.method == "PUT" && request.target.find("/memberships") != std::string::npos;
        if (adds && !seen) seen = world.store()->run(RunId{1});
        return std::nullopt;
      });
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->figures.listed, 0U);
  EXPECT_TRUE(seen->cohort_was_read);
  EXPECT_GT(seen->figures.calls, 5U);
  EXPECT_GT(seen->figures.duration.count(), 5'000);
}

TEST_F(ReportTest, ACohortThatWasNotReadIsToldInTheHistory) {
  world.dir.write("cohort.csv", "user_id,other\nu1,x\n");
  ASSERT_TRUE(world.run().error);
  EXPECT_FALSE(world.store()->run(RunId{1})->cohort_was_read);
  world.cohort(SyncWorld::people(2));
  ASSERT_FALSE(world.run().error);
  EXPECT_TRUE(world.store()->run(RunId{2})->cohort_was_read);
}

TEST_F(ReportTest, ARunThatWaitsIsToldToBeAlive) {
  fill(30);
  world.fault("/memberships", 503, 3);
  world.cohort(SyncWorld::people(31));
  world.told.beats = 0;
  const auto began = world.clock.elapsed();
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto seconds = (world.clock.elapsed() - began).count() / 1000;
  EXPECT_GT(seconds, 0);
  EXPECT_GE(static_cast<std::int64_t>(world.told.beats), seconds);
}

TEST_F(ReportTest, OfARunThatWasKilledIsClosedByTheNext) {
  fill(30);
  const auto dead = [this] {
    const auto store = world.store();
    RunRow row;
    row.sync = "s";
    row.started = world.clock.now();
    return store->start_run(row, RunId{1});
  }();
  const auto file = report_file(world.dir.path() / ".muster/reports", dead);
  const auto number = std::to_string(static_cast<std::int64_t>(dead));
  const auto whole = "run,operation\r\n" + number + ",add,\"a\r\n\"\"b\",x\r\n";
  world.dir.write(std::filesystem::relative(file, world.dir.path()).string(),
                  whole + number + ",add,\"cut \r\n off");
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto closed = read_file(file);
  ASSERT_EQ(closed.substr(0, whole.size()), whole);
  EXPECT_TRUE(
      closed.substr(whole.size()).starts_with(number + ",none,,,to_retry,,RUN_INTERRUPTED,,"));
  EXPECT_EQ(count_of(closed.substr(whole.size()), "\r\n"), 1U);
  EXPECT_EQ(world.store()->run(dead)->status, RunStatus::kInterrupted);
}

TEST_F(ReportTest, OfARunThatWasKilledMayBeGoneOrBeyondReach) {
  fill(30);
  const auto kill = [this] {
    const auto store = world.store();
    RunRow row;
    row.sync = "s";
    return store->start_run(row, RunId{1});
  };
  kill();
  EXPECT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto file = report_file(world.dir.path() / ".muster/reports", kill());
  std::filesystem::create_directory(file);
  world.told.notices.clear();
  EXPECT_EQ(world.run().run.status, RunStatus::kSucceeded);
  ASSERT_EQ(world.told.notices.size(), 1U);
  EXPECT_NE(world.told.notices[0].find("report of a run that was killed"), std::string::npos);
}

}  // namespace
}  // namespace muster::testing
