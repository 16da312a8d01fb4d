// Answers that no HubSpot would give: they end what they are about, and mean nothing.
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

TEST(Hostile, PagesThatLeadInACircleEndTheReading) {
  PluginWorld world;
  auto& list = world.account().create_list("amplitude_Power Users");
  for (const auto& email : PluginWorld::people(5)) {
    world.account().add_member(list, world.account().create(email).id);
  }
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find("/memberships") == std::string::npos) return;
    response.status = 200;
    response.body = R"({"results":[{"recordId":"512"}],"paging":{"next":{"after":"again"}}})";
  };
  std::size_t pages = 0;
  try {
    world.destination().read_back(
        std::to_string(list.id), {},
        [&](std::span<const std::string_view>, std::string_view) { ++pages; });
    FAIL();
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.code(), "hubspot.cursor");
  }
  EXPECT_EQ(pages, 2U);
}

TEST(Hostile, OnlyContactIdsAreReadBack) {
  PluginWorld world;
  const auto& list = world.account().create_list("amplitude_Power Users");
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find("/memberships") == std::string::npos) return;
    response.status = 200;
    response.body = R"({"results":[{"recordId":"512"},{"recordId":"someone@example.com"},)"
                    R"({"recordId":-1},{"recordId":null},{}]})";
  };
  std::vector<std::string> read;
  world.destination().read_back(std::to_string(list.id), {},
                                [&](std::span<const std::string_view> ids, std::string_view) {
                                  read.insert(read.end(), ids.begin(), ids.end());
                                });
  EXPECT_EQ(read, std::vector<std::string>{"512"});
}

TEST(Hostile, ALookUpThatIsRefusedSaysNothingOfTheRecord) {
  PluginWorld world;
  world.contact("ada@example.com");
  world.hubspot.faults().add({"/contacts/batch/read", "", 0, -1, "status", 400, "", -1, 0, false});
  const std::vector<std::string_view> wanted{"ada@example.com"};
  try {
    world.destination().look_up("email", wanted);
    FAIL() << "silence would say that there is nobody";
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.status(), MUSTER_UNAVAILABLE);
  }
}

class TokenLife : public ::testing::TestWithParam<const char*> {};

TEST_P(TokenLife, IsNeitherForEverNorForOneRequest) {
  PluginWorld world(PluginWorld::Settings{{"auth.client_id", "simulated-client-id"},
                                          {"auth.client_secret", "simulated-client-secret"}});
  world.secrets.values["refresh_token"] = "na1-stored";
  std::size_t refreshes = 0;
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (request.path().find("/oauth/") == std::string::npos) return;
    ++refreshes;
    response.status = 200;
    response.body =
        fmt::format(R"({{"access_token":"{}","refresh_token":"na1-stored","expires_in":{}}})",
                    kPluginToken, GetParam());
  };
  world.header.create_missing = false;
  world.header.audience_ref = std::to_string(world.account().create_list("l").id);
  world.header.audience_known_as = world.header.audience_name;
  for (int i = 0; i < 5; ++i) world.sync(PluginWorld::adds(PluginWorld::people(300)));
  EXPECT_EQ(refreshes, 1U);
  const auto expires = std::stoll(world.secrets.values["expires_at_ms"]);
  const auto now = world.clock.now().time_since_epoch().count();
  EXPECT_GT(expires, now);
  EXPECT_LE(expires, now + 24 * 3'600'000);
}

INSTANTIATE_TEST_SUITE_P(ExpiresIn, TokenLife,
                         ::testing::Values("9223372036854775807", "-5", "0", "120", "1800"));

}  // namespace
}  // namespace muster::testing
