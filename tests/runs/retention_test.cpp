// Reports are kept as long as muster.yaml says, by the clock of the runs.
#include <gtest/gtest.h>

#include "run/report.hpp"
#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class RetentionTest : public ::testing::Test {
 protected:
  //! Of a run at that time; gives its report.
  std::filesystem::path run() {
    world.cohort(SyncWorld::people(3));
    const auto result = world.run();
    EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
    return result.report;
  }
  void keep(const std::string& how_long) {
    const auto yaml = read_file(world.dir.path() / "muster.yaml");
    world.dir.write("muster.yaml", yaml + "reports: {keep: " + how_long + "}\n");
  }

  SyncWorld world;
};

TEST_F(RetentionTest, AReportIsKeptForNinetyDays) {
  const auto first = run();
  world.clock.advance(hours(24 * 90 - 1));
  const auto second = run();
  EXPECT_TRUE(std::filesystem::exists(first));
  world.clock.advance(hours(2));
  run();
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(second));
  EXPECT_TRUE(world.store()->run(RunId{1})) << "the history stays";
}

TEST_F(RetentionTest, AReportIsKeptAsLongAsMusterYamlSays) {
  keep("7d");
  const auto first = run();
  world.clock.advance(hours(24 * 7 + 1));
  const auto second = run();
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(second));
}

TEST_F(RetentionTest, NothingButReportsIsDeleted) {
  const auto first = run();
  world.dir.write(".muster/reports/notes.csv", "mine");
  world.dir.write(".muster/reports/1.txt", "mine");
  world.clock.advance(hours(24 * 200));
  run();
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(world.dir.path() / ".muster/reports/notes.csv"));
  EXPECT_TRUE(std::filesystem::exists(world.dir.path() / ".muster/reports/1.txt"));
}

//! A state that was moved away: the file's own time is what is left.
TEST_F(RetentionTest, AReportOfARunThatNobodyKnowsGoesByTheTimeOfItsFile) {
  run();
  namespace fs = std::filesystem;
  const auto old = world.dir.write(".muster/reports/900.csv", "run\n");
  const auto young = world.dir.write(".muster/reports/901.csv", "run\n");
  fs::last_write_time(old, fs::file_time_type::clock::now() - hours(24 * 91));
  run();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young));
}

}  // namespace
}  // namespace muster::testing
