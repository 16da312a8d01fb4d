// A list that takes the name of its cohort.
#include <gtest/gtest.h>

#include "recovery/world.hpp"

namespace muster {
namespace {

using testing::RecoveryWorld;

TEST(Rename, ThatIsRefusedLeavesNobodyWithoutARow) {
  RecoveryWorld world;
  world.cohort({"a@x.com"});
  world.sync();
  world.hubspot.account().create_list("amplitude_Taken");
  auto config = testing::read_file(world.dir / "muster.yaml");
  config.replace(config.find("Power Users"), 11, "Taken");
  world.dir.write("muster.yaml", config);
  world.cohort({"a@x.com", "b@x.com"});

  const auto run = world.sync();

  ASSERT_TRUE(run.error);
  EXPECT_EQ(run.run.figures.to_retry, 1U);
  const auto report = testing::read_file(run.report);
  EXPECT_NE(report.find("add,,b@x.com,to_retry,"), std::string::npos) << report;
}

}  // namespace
}  // namespace muster
