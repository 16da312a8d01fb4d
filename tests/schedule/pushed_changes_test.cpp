// What was pushed, applied by the worker of a connection between the runs over whole cohorts.
#include <gmock/gmock.h>

#include "run/pushes.hpp"
#include "schedule/served_world.hpp"
#include "simulator/amplitude_webhook.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

class PushedChangesTest : public ::testing::Test {
 protected:
  explicit PushedChangesTest(const std::string& cadence = "daily")
      : world(1, 1, cadence, "push: {cohort: c}",
              "listen: {port: 0, headers: {X-Secret: {file: token}}}\n") {
    std::vector<std::string> emails;
    for (int i = 0; i < 30; ++i) emails.push_back(fmt::format("p{}@example.com", i));
    world.write_cohort("c0s0", emails);
  }
  void push(bool enters, const std::vector<std::string>& emails) {
    simulator::WebhookMessage message;
    message.cohort_id = "c";
    message.in_cohort = enters;
    message.computed_time = pushed_time(world.clock.now());
    message.message_id = std::to_string(number_++);
    for (const auto& email : emails) message.users.push_back({0, email, {{"email", email}}});
    std::filesystem::create_directories(world.dir / ".muster");
    Inbox inbox(world.dir / ".muster/inbox.db", StoreAccess::kReadWrite);
    const auto vault = Vault::open(world.dir / ".muster", Vault::IfMissing::kCreate);
    const auto body = message.body();
    Pushes(inbox, vault, world.clock).keep({"c0s0"}, parse_pushed_message(body), body);
  }
  //! Runs over pushed changes that ended, with or without success.
  std::size_t pushed_runs() const {
    return static_cast<std::size_t>(std::count_if(
        world.told.runs.begin(), world.told.runs.end(),
        [](const auto& run) { return run.result.run.started_by == StartedBy::kPush; }));
  }
  std::size_t listed() {
    return world.accounts[0]->account().list_by_name("amplitude_Cohort 0")->members.size();
  }

  ServedWorld world;

 private:
  int number_ = 0;
};

class ManualPushedChangesTest : public PushedChangesTest {
 protected:
  ManualPushedChangesTest() : PushedChangesTest("manual") {}
};

TEST_F(PushedChangesTest, AreAppliedWithinASecondAsOneRun) {
  world.serve(minutes(1));
  push(true, {"new@example.com"});
  push(true, {"other@example.com"});
  push(false, {"p0@example.com"});
  world.serve(seconds(2));
  EXPECT_EQ(pushed_runs(), 1U);
  EXPECT_EQ(world.told.runs.back().result.run.figures.added, 2U);
  EXPECT_EQ(world.told.runs.back().result.run.figures.removed, 1U);
  EXPECT_EQ(listed(), 31U);
}

TEST_F(PushedChangesTest, LeaveTheCadenceAloneAlsoOverARestart) {
  const auto start = world.clock.now();
  world.serve(minutes(1));
  for (int i = 0; i < 15; ++i) {
    push(true, {fmt::format("new{}@example.com", i)});
    world.serve(seconds(10));
  }
  EXPECT_EQ(pushed_runs(), 15U);
  EXPECT_EQ(world.told.runs.back().next, start + hours(24));
  world.start();
  world.serve(start + hours(23) - world.clock.now());
  EXPECT_EQ(world.begun("c0s0"), 1U);
  world.serve(hours(1) + minutes(1));
  EXPECT_EQ(world.begun("c0s0"), 2U);
  EXPECT_EQ(listed(), 45U);
}

TEST_F(PushedChangesTest, ThatFailAreTriedAgainEverMoreSeldom) {
  world.serve(minutes(1));
  simulator::Fault fault;
  fault.status = 503;
  fault.path = "/memberships";
  fault.count = -1;
  world.accounts[0]->faults().add(fault);
  push(true, {"new@example.com"});
  world.serve(hours(3));
  EXPECT_GE(pushed_runs(), 8U);
  EXPECT_LE(pushed_runs(), 15U);
  world.accounts[0]->faults().clear();
  world.serve(hours(1) + minutes(1));
  EXPECT_EQ(listed(), 31U);
}

TEST_F(PushedChangesTest, ThatTheGuardStopsRestUntilAPersonRanTheWhole) {
  world.serve(minutes(1));
  std::vector<std::string> leaving;
  for (int i = 0; i < 12; ++i) leaving.push_back(fmt::format("p{}@example.com", i));
  push(false, leaving);
  world.serve(minutes(10));
  EXPECT_EQ(pushed_runs(), 1U) << "no run a second";
  EXPECT_EQ(world.told.runs.back().result.run.status, RunStatus::kStopped);
  push(true, {"new@example.com"});
  world.serve(minutes(10));
  EXPECT_EQ(pushed_runs(), 1U);
  {
    class Silent final : public RunObserver {
      void on_progress(const RunProgress&) override {}
      void on_notice(const std::string&) override {}
    } silent;
    Workspace workspace(
        read_workspace(world.dir.path()),
        {world.clock, world.cancellation,
         [this]() -> std::unique_ptr<Transport> {
           return std::make_unique<simulator::SimulatedTransport>(
               world.clock, [this](const simulator::SimRequest& request) {
                 return world.accounts[0]->handle(request);
               });
         },
         MUSTER_TEST_INSTALLATION "/manifests", MUSTER_TEST_INSTALLATION "/plugins"});
    RunOptions options;
    options.allow_removals = true;
    ASSERT_FALSE(workspace.sync(workspace.config().sync("c0s0"), options, silent).error);
  }
  push(true, {"other@example.com"});
  world.serve(seconds(3));
  EXPECT_EQ(pushed_runs(), 2U) << "they go on at once";
  EXPECT_EQ(world.told.runs.back().result.run.status, RunStatus::kSucceeded);
}

TEST_F(ManualPushedChangesTest, WaitForTheFirstWholeRunAndThatIsToldOnce) {
  push(true, {"new@example.com"});
  world.serve(minutes(5));
  EXPECT_EQ(pushed_runs(), 0U);
  ASSERT_EQ(world.told.notices.size(), 1U);
  EXPECT_THAT(world.told.notices[0], HasSubstr("wait for the next run over the whole cohort"));
}

}  // namespace
}  // namespace muster::testing
