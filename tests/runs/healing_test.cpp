// Members that HubSpot refused, in the runs that follow.
#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRejected = "rejected_by_destination";

TEST(RefusedMembers, AreCreatedByTheNextRunOnceNothingIsRequired) {
  SyncWorld world;
  world.hubspot.switches().required_on_create = {"firstname"};
  world.cohort(SyncWorld::people(3));
  ASSERT_EQ(dropped(world.run(), kRejected), 3U);
  world.hubspot.switches().required_on_create = {};
  const auto preview = world.preview();
  EXPECT_EQ(preview.tried_again.at(kRejected), 3U);
  EXPECT_TRUE(preview.looked_for_again.empty());
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.created, 3U);
}

TEST(RefusedMembers, AreReallyTriedAgainWhereTheReportSaysSo) {
  SyncWorld world;
  world.hubspot.switches().required_on_create = {"firstname"};
  world.cohort(SyncWorld::people(3));
  world.run();
  world.hubspot.switches().required_on_create = {"lastname"};
  world.hubspot.log().clear();
  const auto result = world.run();
  EXPECT_EQ(world.hubspot.count("/batch/create"), 1U);
  EXPECT_EQ(count_of(read_file(result.report),
                     ",dropped,rejected_by_destination,MISSING_REQUIRED_PROPERTY:lastname,"),
            3U);
}

//! A run that follows at once writes nothing for an address that would be refused again; nor does
//! it say that it was.
TEST(RefusedMembers, WhoseAddressIsBadAreOnlyLookedForByTheNextRun) {
  SyncWorld world;
  world.hubspot.account().refused_emails = {"person1@example.com", "person2@example.com"};
  world.cohort(SyncWorld::people(3));
  ASSERT_EQ(dropped(world.run(), kRejected), 2U);
  const auto preview = world.preview();
  EXPECT_TRUE(preview.tried_again.empty());
  EXPECT_EQ(preview.looked_for_again.at(kRejected), 2U);
  world.hubspot.account().create("person2@example.com");
  world.hubspot.log().clear();
  const auto result = world.run();
  EXPECT_EQ(world.hubspot.count("/batch/create"), 0U);
  EXPECT_EQ(dropped(result, kRejected), 1U);
  EXPECT_EQ(result.run.figures.listed, 2U);
  const auto report = read_file(result.report);
  EXPECT_EQ(count_of(report, ",none,u1,person1@example.com,dropped,rejected_by_destination,"), 1U);
  EXPECT_EQ(count_of(report, ",add,u2,person2@example.com,added,"), 1U);
  world.clock.advance(std::chrono::hours(1));
  world.hubspot.log().clear();
  world.run();
  EXPECT_EQ(world.hubspot.count("/batch/create"), 1U) << "it may be taken by now";
}

}  // namespace
}  // namespace muster::testing
