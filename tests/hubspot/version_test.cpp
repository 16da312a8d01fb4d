// A version that HubSpot does not know is a mistake in the settings, not a missing list.
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kUnknown = "2031-03";

void expect_wrong_version(const DestinationError& error) {
  EXPECT_EQ(error.status(), MUSTER_BAD_CONFIG);
  EXPECT_EQ(error.code(), "hubspot.api_version");
  EXPECT_NE(error.message().find(kUnknown), std::string::npos);
}

TEST(ApiVersion, UnknownIsToldWhenTheListIsMade) {
  PluginWorld world(PluginWorld::Settings{{"api_version", kUnknown}});
  const auto result = world.sync({PluginWorld::add("ada@example.com")});
  ASSERT_TRUE(result.failure);
  expect_wrong_version(*result.failure);
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kSkipped);
}

TEST(ApiVersion, UnknownIsNoDeletedList) {
  PluginWorld world(PluginWorld::Settings{{"api_version", kUnknown}});
  world.header.audience_ref = "9";
  world.header.audience_known_as = world.header.audience_name;
  for (const auto* kind : {"email", "contact_id"}) {
    world.header.kind = kind;
    const auto result = world.sync({PluginWorld::add_record("171000000123", "ada@example.com")});
    ASSERT_TRUE(result.failure);
    expect_wrong_version(*result.failure);
  }
}

TEST(ApiVersion, UnknownIsNoMissingContact) {
  PluginWorld world(PluginWorld::Settings{{"api_version", kUnknown}});
  world.header.audience_ref = "9";
  world.header.audience_known_as = world.header.audience_name;
  world.header.create_missing = false;
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  ASSERT_TRUE(result.failure);
  expect_wrong_version(*result.failure);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRetry), 100U);
  EXPECT_EQ(world.hubspot.log().size(), 2U) << "it is not taken apart, only asked once more";
}

TEST(ApiVersion, IsNotCalledUnknownForOne404) {
  for (const auto* path :
       {"/contacts/batch/read", "/contacts/batch/create", "/crm/lists/2026-09"}) {
    PluginWorld world;
    world.hubspot.faults().add({path, "POST", 0, 1, "status", 404, "", -1, 0, false});
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(10)));
    EXPECT_FALSE(result.failure) << path << ": " << result.failure->message();
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 10U) << path;
  }
}

TEST(ApiVersion, UnknownIsToldWhenConnecting) {
  PluginWorld world(PluginWorld::Settings{{"api_version", kUnknown}});
  try {
    world.destination().check();
    FAIL();
  } catch (const DestinationError& error) {
    expect_wrong_version(error);
  }
}

TEST(ApiVersion, ADeletedListOfAKnownVersionIsGone) {
  PluginWorld world;
  world.sync({PluginWorld::add("ada@example.com")});
  world.account().list(std::stoull(world.header.audience_ref))->deleted = world.clock.now();
  const auto result = world.sync({PluginWorld::add("bob@example.com")});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->status(), MUSTER_AUDIENCE_GONE);
}

}  // namespace
}  // namespace muster::testing
