// The daemon over a source that counts its readings: what its retries cost.
#include <gtest/gtest.h>

#include <functional>

#include "schedule/served_world.hpp"
#include "support/from_amplitude.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class CountedSource : public ::testing::Test {
 protected:
  explicit CountedSource(const std::string& cadence = "daily") : world(1, 1, cadence) {
    read_from(world.amplitude, world.dir);
    add_person(world.amplitude, "email", "ada@example.com");
    world.start();
  }
  void refuse_writes() {
    simulator::Fault refused;
    refused.path = "/contacts";
    refused.status = 403;
    refused.count = -1;
    world.accounts[0]->faults().add(refused);
  }
  std::uint64_t listed() const { return world.told.runs.back().result.run.figures.listed; }

  ServedWorld world;
};

TEST_F(CountedSource, RetriesOfADayCostOneDownload) {
  refuse_writes();
  world.serve(hours(24) - minutes(1));
  EXPECT_GT(world.begun("c0s0"), 20U);
  EXPECT_EQ(downloads(world.amplitude), 1U);
  world.serve(hours(48));
  EXPECT_EQ(downloads(world.amplitude), 3U) << "each day asks for the cohort as it is then";
}

TEST_F(CountedSource, TheRunThatEndsTheTroubleIsOverTheDaysDownloadAndTheNextDaysIsNew) {
  refuse_writes();
  world.serve(hours(5));
  add_person(world.amplitude, "email", "bob@example.com");
  world.accounts[0]->faults().clear();
  world.serve(hours(18));
  EXPECT_EQ(listed(), 1U);
  EXPECT_EQ(downloads(world.amplitude), 1U);
  world.serve(hours(2));
  EXPECT_EQ(listed(), 2U);
  EXPECT_EQ(downloads(world.amplitude), 2U);
}

TEST_F(CountedSource, ARestartAmongRetriesCostsAtMostOneADownloadAnHour) {
  refuse_writes();
  world.serve(hours(3));
  for (int i = 0; i < 30; ++i) {
    world.start();
    world.serve(minutes(2));
  }
  EXPECT_LE(downloads(world.amplitude), 3U);
}

//! What fails again and again, and what that may cost.
struct Lasting {
  const char* name;
  std::function<void(simulator::Amplitude&)> given;
  std::size_t first_day;  //!< downloads
  std::size_t each_day;   //!< after it
};

class LastingTrouble : public CountedSource, public ::testing::WithParamInterface<Lasting> {};

TEST_P(LastingTrouble, CostsNoMoreThanTheCadenceDoes) {
  GetParam().given(world.amplitude);
  world.serve(hours(24) - minutes(1));
  EXPECT_GE(world.begun("c0s0"), 1U);
  EXPECT_EQ(downloads(world.amplitude), GetParam().first_day);
  world.serve(hours(72));
  EXPECT_EQ(downloads(world.amplitude), GetParam().first_day + 3 * GetParam().each_day);
  EXPECT_EQ(world.ended(RunStatus::kSucceeded), 0U);
}

TEST_P(LastingTrouble, CostsNothingMoreWhenTheDaemonIsStartedAnew) {
  GetParam().given(world.amplitude);
  world.serve(minutes(10));
  for (int i = 0; i < 10; ++i) {
    world.start();
    world.serve(hours(2));
  }
  EXPECT_EQ(downloads(world.amplitude), GetParam().first_day);
}

simulator::AmplitudeCohort& cohort(simulator::Amplitude& amplitude) {
  return amplitude.project().cohorts.at(kAmplitudeCohort);
}

void lose_the_files(simulator::Amplitude& amplitude) {
  simulator::Fault gone;
  gone.path = "/file";
  gone.status = 404;
  gone.count = -1;
  amplitude.faults().add(gone);
}

INSTANTIATE_TEST_SUITE_P(
    Causes, LastingTrouble,
    ::testing::Values(
        Lasting{"Archived", [](auto& a) { cohort(a).archived = true; }, 1, 0},
        Lasting{"Unknown", [](auto& a) { a.project().cohorts.clear(); }, 1, 1},
        Lasting{"TooLarge", [](auto& a) { a.switches().largest_cohort = 0; }, 1, 1},
        Lasting{"JobFailed", [](auto& a) { a.switches().job = "failed"; }, 1, 1},
        Lasting{"Truncated", [](auto& a) { a.switches().truncated_gzip = true; }, 1, 1},
        Lasting{"Empty", [](auto& a) { a.switches().empty_file = true; }, 1, 1},
        Lasting{"FileGone", lose_the_files, 1, 1},
        Lasting{"WithoutTheColumn",
                [](auto& a) {
                  a.switches().unknown_property = "absent";
                  cohort(a).users.front().properties.erase("email");
                },
                1, 1},
        Lasting{"WrongSecret", [](auto& a) { a.project().secret_key = "another"; }, 0, 0},
        Lasting{"UnknownKey", [](auto& a) { a.project().api_key = "another"; }, 0, 0}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(CountedSource, ARequestThatKeepsFailingIsTriedByThreeRunsAndThenOnceADay) {
  constexpr std::size_t kTriesOfARun = 5;
  simulator::Fault failing;
  failing.path = std::string("/request/") + kAmplitudeCohort;
  failing.status = 503;
  failing.count = -1;
  for (const int asked : {-1, 30}) {
    SCOPED_TRACE(asked);
    failing.retry_after_s = asked;
    world.amplitude.faults().clear();
    world.amplitude.faults().add(failing);
    const auto before = downloads(world.amplitude);
    world.serve(hours(24) - minutes(30));
    EXPECT_EQ(downloads(world.amplitude), before + 3 * kTriesOfARun);
    world.serve(hours(24));
    EXPECT_EQ(downloads(world.amplitude), before + 4 * kTriesOfARun);
    world.amplitude.faults().clear();
    world.serve(hours(24));
    ASSERT_EQ(listed(), 1U);
  }
}

TEST_F(CountedSource, TroubleThatIsMendedIsOverAtTheNextTimeOfTheCadence) {
  world.amplitude.switches().job = "failed";
  world.serve(hours(5));
  world.amplitude.switches().job = "ok";
  world.serve(hours(18));
  EXPECT_EQ(world.ended(RunStatus::kSucceeded), 0U);
  world.serve(hours(2));
  EXPECT_EQ(listed(), 1U);
  EXPECT_EQ(downloads(world.amplitude), 2U);
}

TEST_F(CountedSource, AChangedConfigurationIsTriedWithinMinutes) {
  world.amplitude.switches().job = "failed";
  world.serve(hours(5));
  world.amplitude.switches().job = "ok";
  world.workers.front().worker->adopt(read_workspace(world.dir.path()));
  world.workers.front().again = world.clock.now();
  world.serve(minutes(10));
  EXPECT_EQ(listed(), 1U);
  EXPECT_EQ(downloads(world.amplitude), 2U);
}

TEST_F(CountedSource, AConnectionThatComesBackCostsNothingByItself) {
  world.amplitude.switches().job = "failed";
  world.serve(hours(5));
  world.set_connection("c0", ConnectionState::kDisconnected);
  world.serve(hours(2));
  ASSERT_FALSE(world.told.held.empty());
  world.set_connection("c0", ConnectionState::kConnected);
  world.serve(hours(2));
  ASSERT_FALSE(world.told.released.empty());
  EXPECT_EQ(downloads(world.amplitude), 1U);
}

TEST_F(CountedSource, ASecretThatIsPutRightIsTakenWithinTheHour) {
  const auto secret = world.amplitude.project().secret_key;
  world.amplitude.project().secret_key = "another";
  world.serve(hours(5));
  world.amplitude.project().secret_key = secret;
  world.serve(minutes(61));
  EXPECT_EQ(listed(), 1U);
  EXPECT_EQ(downloads(world.amplitude), 1U);
}

TEST_F(CountedSource, ADownloadThatNeverEndsIsAskedForAnewOnceAsByAPerson) {
  world.amplitude.switches().job = "stuck";
  world.serve(hours(14));
  EXPECT_EQ(downloads(world.amplitude), 2U);
  const auto runs = world.store()->runs("c0s0", 100);
  ASSERT_FALSE(runs.empty());
  EXPECT_EQ(runs[0].error_code, "amplitude.never_computed");
  EXPECT_LT(runs.size(), 20U);
}

}  // namespace
}  // namespace muster::testing
