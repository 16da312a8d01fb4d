// A success that holds nothing is none: whoever asked asks again, and believes no more than it was
// told.
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRename = "/update-list-name";

simulator::Fault silence(const std::string& path, const char* method, std::int64_t count) {
  return {path, method, 0, count, "empty_results", 200, "", -1, 0, false};
}

TEST(SilentAnswer, ToARenamingIsNotBelieved) {
  for (const bool someone_new : {true, false}) {
    for (const auto* verify : {"verify: true", "verify: false"}) {
      SCOPED_TRACE(fmt::format("{} {}", someone_new, verify));
      RunWorld world(fmt::format("retry_for: 1s, {}", verify));
      world.cohort({"ada@example.com"});
      world.sync();
      world.cohort_name = "Champions";
      if (someone_new) world.cohort({"ada@example.com", "bob@example.com"});
      world.hubspot.faults().add(silence(kRename, "PUT", -1));
      const auto result = world.sync();
      ASSERT_TRUE(result.error);
      EXPECT_EQ(result.error->kind(), ErrorKind::kLater) << result.error->message();
      EXPECT_NE(world.list(), nullptr) << "it has its old name";
      world.hubspot.faults().clear();
      EXPECT_FALSE(world.sync().error);
      ASSERT_NE(world.list("amplitude_Champions"), nullptr);
      EXPECT_EQ(world.members(), someone_new ? 2U : 1U);
    }
  }
}

TEST(SilentAnswer, ToARenamingThatWasDoneIsSeenInTheList) {
  RunWorld world;
  world.cohort({"ada@example.com"});
  world.sync();
  world.cohort_name = "Champions";
  world.cohort({"ada@example.com", "bob@example.com"});
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find(kRename) != std::string::npos) response.body.clear();
  };
  EXPECT_FALSE(world.sync().error);
  EXPECT_EQ(world.hubspot.count(kRename), 1U);
  EXPECT_EQ(world.members(), 2U);
}

TEST(SilentAnswer, AboutAListSaysNotThatItWasConverted) {
  for (const bool lasts : {false, true}) {
    RunWorld world("retry_for: 60s");
    world.cohort({"ada@example.com"});
    const auto ref = world.sync().sync.audience_ref;
    world.cohort({"ada@example.com", "bob@example.com"});
    world.after_response = [&, left = lasts ? 1'000 : 1](const simulator::SimRequest& request,
                                                         simulator::SimResponse& response) mutable {
      if (request.method == "GET" && request.path().ends_with("/" + ref) && left-- > 0) {
        response.body = R"({"status":"COMPLETE","results":[]})";
      }
    };
    const auto result = world.sync();
    EXPECT_EQ(result.error.has_value(), lasts);
    if (lasts) {
      EXPECT_EQ(result.error->kind(), ErrorKind::kLater) << result.error->message();
    } else {
      EXPECT_EQ(world.members(), 2U);
    }
  }
}

TEST(SilentAnswer, AfterARestoringSaysNotThatTheListIsThere) {
  PluginWorld world;
  world.sync({PluginWorld::add("ada@example.com")});
  auto* list = world.account().list_by_name("amplitude_Power Users");
  world.account().archive(*world.account().by_email("ada@example.com"));
  list->deleted = world.clock.now();
  world.clock.advance(std::chrono::hours(24 * 91));
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (request.method != "GET" || !request.path().ends_with("/" + world.header.audience_ref))
      return;
    response.status = 200;
    response.body = R"({"status":"COMPLETE","results":[]})";
  };
  EXPECT_THROW(
      world.destination().change_audience(MUSTER_AUDIENCE_RESTORE, world.header.audience_ref, {}),
      DestinationError);
}

TEST(SilentAnswer, AboutPropertiesSaysNotThatOneDoesNotExist) {
  for (const bool lasts : {false, true}) {
    RunWorld world("properties: {plan: plan_tier}, retry_for: 60s");
    world.cohort({"ada@example.com,gold"}, "email,plan");
    world.hubspot.faults().add(silence("/crm/properties/", "GET", lasts ? -1 : 1));
    const auto result = world.sync();
    EXPECT_EQ(result.error.has_value(), lasts);
    if (lasts) {
      EXPECT_EQ(result.error->kind(), ErrorKind::kLater) << result.error->message();
      EXPECT_TRUE(world.hubspot.account().contacts().empty());
    } else {
      EXPECT_EQ(world.members(), 1U);
    }
  }
}

}  // namespace
}  // namespace muster::testing
