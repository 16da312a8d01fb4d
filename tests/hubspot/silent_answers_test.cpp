// A success that holds nothing, or leaves someone out, says nothing of what it leaves out: whoever
// asked asks again.
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRead = "/contacts/batch/read";
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

TEST(LeftOut, AddressesThatAReadLeavesOutAreAskedTogether) {
  PluginWorld world;
  for (const auto& email : PluginWorld::people(100)) world.contact(email);
  world.hubspot.faults().add({kRead, "POST", 0, 1, "lose_entries", 30, "", -1, 0, false});
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100U);
  EXPECT_EQ(world.hubspot.count(kRead), 2U);
}

TEST(LeftOut, AnAddressThatReadsOfManyLeaveOutIsAskedInHalves) {
  PluginWorld world;
  for (const auto& email : PluginWorld::people(100)) world.contact(email);
  // Of thirty alone, an answer tells of someone else.
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find(kRead) == std::string::npos) return;
    auto body = boost::json::parse(response.body);
    auto& results = body.as_object()["results"].as_array();
    if (results.size() == 100) results.resize(70);
    if (results.size() == 30) results = {boost::json::object{{"id", "4242424242"}}};
    response.body = boost::json::serialize(body);
  };
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100U);
  EXPECT_LE(world.hubspot.count(kRead), 4U);
}

TEST(LeftOut, MergedIdsThatNothingTellsAreAskedOnceMoreAndThenAlone) {
  PluginWorld world;
  world.hubspot.switches().merged_ids_in_properties = false;
  world.header.kind = "contact_id";
  world.header.create_missing = false;
  std::vector<Operation> operations;
  for (int i = 0; i < 10; ++i) {
    auto& one = world.account().create(fmt::format("a{}@example.com", i));
    auto& other = world.account().create(fmt::format("b{}@example.com", i));
    operations.push_back(PluginWorld::add(std::to_string(other.id)));
    operations.back().must_exist = true;
    world.account().merge(one, other, false);
  }
  operations.push_back(PluginWorld::add(world.contact("c@example.com")));
  operations.back().must_exist = true;
  const auto result = world.sync(operations);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 11U);
  EXPECT_EQ(world.hubspot.count(kRead), 1U + 1 + 10);
}

//! A removal that was told and not done, and then a reading that loses who is still there.
TEST(LostEntry, OfOneReadingIsNoProofOfARemoval) {
  RunWorld world;
  world.cohort({"ada@example.com", "bob@example.com"});
  world.sync();
  world.cohort({"ada@example.com"});
  auto& account = world.hubspot.account();
  const auto bob = account.by_email("bob@example.com")->id;
  int readings = 0;
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (request.path().ends_with("/add-and-remove")) {
      account.add_member(*account.list_by_name("amplitude_Power Users"), bob);
    }
    if (!request.path().ends_with("/memberships") || ++readings != 2) return;
    auto body = boost::json::parse(response.body);
    body.as_object()["results"].as_array().pop_back();
    response.body = boost::json::serialize(body);
  };
  world.sync();
  ASSERT_GE(readings, 2);
  EXPECT_EQ(world.members(), 2U) << "nothing was removed yet";
  world.after_response = {};

  EXPECT_FALSE(world.sync().error);

  EXPECT_EQ(world.members(), 1U);
}

}  // namespace
}  // namespace muster::testing
