// The daemon while a source keeps a run waiting: the connection's other work goes on.
#include <gmock/gmock.h>

#include "run/pushes.hpp"
#include "schedule/served_world.hpp"
#include "simulator/amplitude_webhook.hpp"
#include "support/from_amplitude.hpp"

namespace muster::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

//! c0s0 reads from Amplitude, c0s1 a file each minute, and takes pushes.
class WaitingSource : public ::testing::Test {
 protected:
  WaitingSource() : world(1, 2, "daily", {}, "listen: {port: 0, headers: {X-S: {file: token}}}\n") {
    const auto yaml = read_file(world.dir / "muster.yaml");
    const auto other = yaml.find("  c0s1:");
    world.dir.write("muster.yaml", yaml.substr(0, other));
    read_from(world.amplitude, world.dir);
    auto rest = yaml.substr(other);
    rest.replace(rest.find("cadence: daily"), 14, "cadence: every 1m, push: {cohort: c}");
    world.dir.write("muster.yaml", read_file(world.dir / "muster.yaml") + rest);
    add_person(world.amplitude, "email", "ada@example.com");
    world.start();
  }
  void push(const std::string& email) {
    simulator::WebhookMessage message;
    message.cohort_id = "c";
    message.in_cohort = true;
    message.computed_time = pushed_time(world.clock.now());
    message.message_id = email;
    message.users.push_back({0, email, {{"email", email}}});
    Inbox inbox(world.dir / ".muster/inbox.db", StoreAccess::kReadWrite);
    const auto vault = Vault::open(world.dir / ".muster", Vault::IfMissing::kCreate);
    const auto body = message.body();
    Pushes(inbox, vault, world.clock).keep({"c0s1"}, parse_pushed_message(body), body);
  }
  void compute(bool ends) { world.amplitude.switches().polls_until_done = ends ? 0 : 1'000'000; }
  std::size_t ended(const std::string& sync, StartedBy by = StartedBy::kSchedule) const {
    return static_cast<std::size_t>(
        std::count_if(world.told.runs.begin(), world.told.runs.end(), [&](const auto& run) {
          return run.sync == sync && run.result.run.started_by == by &&
                 run.result.run.status == RunStatus::kSucceeded;
        }));
  }
  std::vector<RunRow> history(const std::string& sync) const {
    return world.store()->runs(sync, 1'000);
  }
  std::size_t reports() const {
    const std::filesystem::directory_iterator files(world.dir / ".muster/reports");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  ServedWorld world;
};

TEST_F(WaitingSource, LetsTheOtherSyncsAndPushesOfTheConnectionRun) {
  compute(false);
  world.serve(minutes(10));
  push("new@example.com");
  world.serve(minutes(10));
  EXPECT_GE(ended("c0s1"), 19U);
  EXPECT_EQ(ended("c0s1", StartedBy::kPush), 1U);
  EXPECT_EQ(ended("c0s0"), 0U);
  compute(true);
  world.serve(seconds(65));
  ASSERT_EQ(ended("c0s0"), 1U);
  EXPECT_EQ(downloads(world.amplitude), 1U) << "the same request is picked up";
}

TEST_F(WaitingSource, IsToldOnceAndLeavesOneRun) {
  compute(false);
  world.serve(minutes(20));
  EXPECT_THAT(world.told.source_waits, ElementsAre(Pair("c0s0", "amplitude.still_computing")));
  EXPECT_EQ(world.begun("c0s0"), 1U);
  EXPECT_THAT(history("c0s0"), IsEmpty());
  EXPECT_EQ(reports(), history("").size());
  compute(true);
  world.serve(seconds(65));
  const auto runs = history("c0s0");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].status, RunStatus::kSucceeded);
  const auto all = history("");
  EXPECT_EQ(static_cast<std::size_t>(all[0].id), all.size()) << "no number is left out";
  const auto last = std::find_if(world.told.runs.rbegin(), world.told.runs.rend(),
                                 [](const auto& run) { return run.sync == "c0s0"; });
  EXPECT_THAT(last->result.notices, IsEmpty()) << "the download is this run's own";
}

TEST_F(WaitingSource, IsARunThatWaitsInTheHistoryAfterAnHour) {
  compute(false);
  world.serve(minutes(125));
  const auto runs = history("c0s0");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].status, RunStatus::kWaiting);
  EXPECT_EQ(runs[0].error_code, "amplitude.still_computing");
  EXPECT_EQ(downloads(world.amplitude), 1U);
}

TEST_F(WaitingSource, IsPickedUpByTheNextProcess) {
  compute(false);
  world.serve(minutes(5));
  world.start();
  world.serve(minutes(5));
  compute(true);
  world.serve(seconds(65));
  EXPECT_EQ(ended("c0s0"), 1U);
  EXPECT_EQ(downloads(world.amplitude), 1U);
}

TEST_F(WaitingSource, OfALimitThatAmplitudeToldIsNotWaitedForInPlace) {
  simulator::Fault limited;
  limited.path = std::string("/request/") + kAmplitudeCohort;
  limited.status = 429;
  limited.retry_after_s = 90;
  limited.count = 3;
  world.amplitude.faults().add(limited);
  world.serve(minutes(5));
  EXPECT_GE(ended("c0s1"), 4U);
  EXPECT_EQ(ended("c0s0"), 1U);
  EXPECT_THAT(world.told.source_waits, ElementsAre(Pair("c0s0", "amplitude.limited")));
  EXPECT_EQ(history("c0s0").size(), 1U);
}

TEST_F(WaitingSource, OfALimitThatLastsIsARunThatWaits) {
  simulator::Fault limited;
  limited.path = std::string("/request/") + kAmplitudeCohort;
  limited.status = 429;
  limited.count = -1;
  world.amplitude.faults().add(limited);
  world.serve(minutes(3));
  EXPECT_EQ(downloads(world.amplitude), 5U) << "tried five times, as by a person";
  ASSERT_EQ(history("c0s0").size(), 1U);
  EXPECT_EQ(history("c0s0")[0].status, RunStatus::kWaiting);
}

}  // namespace
}  // namespace muster::testing
