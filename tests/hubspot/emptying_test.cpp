// A list that is emptied or deleted as its sync is left (hubspot/api.md §5).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

TEST(Emptying, AListTooLargeForOneCallIsDoneInChunks) {
  PluginWorld world;
  world.header.kind = "contact_id";
  auto& list = world.account().create_list("amplitude_Power Users");
  world.hubspot.switches().bulk_limit = 5'000;
  for (int i = 0; i < 12'001; ++i) world.account().add_member(list, world.account().create("").id);
  const auto ref = std::to_string(list.id);
  world.destination().change_audience(MUSTER_AUDIENCE_EMPTY, ref, {});
  EXPECT_TRUE(list.members.empty());
  world.hubspot.log().clear();
  world.destination().change_audience(MUSTER_AUDIENCE_EMPTY, ref, {});
  EXPECT_EQ(world.hubspot.log().size(), 1U) << "a small list takes one call";
}

TEST(Emptying, IsNotMisledByReadsThatLagBehindIt) {
  PluginWorld world;
  auto& list = world.account().create_list("amplitude_Power Users");
  world.hubspot.switches().bulk_limit = 100;
  world.hubspot.switches().membership_lag_ms = 3'600'000;
  for (int i = 0; i < 1'500; ++i) world.account().add_member(list, world.account().create("").id);
  world.clock.advance(std::chrono::hours(2));
  world.destination().change_audience(MUSTER_AUDIENCE_EMPTY, std::to_string(list.id), {});
  EXPECT_TRUE(list.members.empty());
}

TEST(Emptying, ADeletedListIsEmptyAndDeletedTwiceIsDeleted) {
  PluginWorld world;
  auto& list = world.account().create_list("amplitude_Power Users");
  const auto ref = std::to_string(list.id);
  world.destination().change_audience(MUSTER_AUDIENCE_DELETE, ref, {});
  EXPECT_TRUE(list.deleted);
  world.destination().change_audience(MUSTER_AUDIENCE_DELETE, ref, {});
  world.destination().change_audience(MUSTER_AUDIENCE_EMPTY, ref, {});
}

TEST(Emptying, AConvertedListIsToldAsSuch) {
  PluginWorld world;
  auto& list = world.account().create_list("amplitude_Power Users", "DYNAMIC");
  try {
    world.destination().change_audience(MUSTER_AUDIENCE_EMPTY, std::to_string(list.id), {});
    FAIL();
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.code(), "hubspot.list_converted");
  }
}

}  // namespace
}  // namespace muster::testing
