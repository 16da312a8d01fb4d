// The daemon over a source that counts its readings: what its retries cost.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace muster::testing
