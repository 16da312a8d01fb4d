// Whose a list is: what becomes of a creation that was announced, whatever its answer
// (hubspot/api.md §5).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"
#include "simulator/json_fields.hpp"

namespace muster::testing {
namespace {

constexpr const char* kLists = "/crm/lists/2026-09";
constexpr const char* kByName = "/object-type-id/0-1/name/";

simulator::Fault creation_fault(int code, const char* policy = "") {
  return {kLists, "POST", 0, 1, "status", code, policy, -1, 0, false};
}

//! Something on the way sends the creation twice: the answer is that of the second one.
void send_creation_twice(RunWorld& world) {
  world.before_request = [&](const simulator::SimRequest& request) {
    const bool creates = request.method == "POST" && request.path().ends_with(kLists);
    if (creates && world.list() == nullptr) {
      world.hubspot.account().create_list("amplitude_Power Users");
    }
  };
}

TEST(Announced, ACreationThatIsAnsweredAsADuplicateOfItselfIsOurs) {
  for (const std::int64_t hidden : {0, 2}) {  // looks by name that do not show it yet
    RunWorld world;
    world.cohort({"ada@example.com"});
    send_creation_twice(world);
    world.hubspot.faults().add({kByName, "GET", 1, hidden, "status", 404, "", -1, 0, false});
    const auto result = world.sync();
    EXPECT_FALSE(result.error) << result.error->message();
    EXPECT_EQ(result.sync.audience_origin, AudienceOrigin::kOurs);
    EXPECT_EQ(world.hubspot.account().lists().size(), 1U);
    EXPECT_EQ(world.members(), 1U);
  }
}

TEST(Announced, ADuplicateDoesNotLockTheNextRunOut) {
  RunWorld world("retry_for: 1s");
  world.cohort({"ada@example.com"});
  send_creation_twice(world);
  world.hubspot.faults().add({kByName, "GET", 1, -1, "status", 404, "", -1, 0, false});
  world.hubspot.faults().add({"/search", "POST", 0, -1, "status", 503, "", -1, 0, false});
  const auto first = world.sync();
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->kind(), ErrorKind::kLater);
  world.hubspot.faults().clear();
  const auto second = world.sync();
  EXPECT_FALSE(second.error) << second.error->message();
  EXPECT_EQ(second.sync.audience_origin, AudienceOrigin::kOurs);
}

TEST(Announced, AnAnswerThatHoldsNoListTakesNothingBack) {
  RunWorld world("retry_for: 0s");
  world.cohort({"ada@example.com"});
  world.hubspot.faults().add({kLists, "POST", 0, 1, "reset", 0, "", -1, 0, true});
  world.sync();
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find(kByName) != std::string::npos) response.body = R"({"list":{}})";
  };
  ASSERT_TRUE(world.sync().error);
  world.after_response = {};
  const auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(result.sync.audience_origin, AudienceOrigin::kOurs);
}

TEST(Announced, ACreationThatSurelyFailedClaimsNoListThatAnAdminMakesLater) {
  struct Case {
    int code;
    const char* policy;
  };
  for (const auto& [code, policy] :
       {Case{400, ""}, Case{403, ""}, Case{429, "DAILY"}, Case{423, ""}}) {
    RunWorld world("retry_for: 0s, remove_strangers: true");
    world.cohort({"ada@example.com"});
    world.hubspot.faults().add(creation_fault(code, policy));
    ASSERT_TRUE(world.sync().error) << code;
    auto& account = world.hubspot.account();
    auto& list = account.create_list("amplitude_Power Users");
    account.add_member(list, account.create("theirs@example.com").id);
    const auto result = world.sync();
    ASSERT_TRUE(result.error) << code;
    EXPECT_EQ(result.error->code(), "hubspot.list_taken") << code;
    EXPECT_EQ(list.members.size(), 1U) << code;
  }
}

//! HubSpot's clock, of this machine's.
void set_clock_ahead(RunWorld& world, Milliseconds by) {
  world.after_response = [&world, by](const simulator::SimRequest&,
                                      simulator::SimResponse& response) {
    for (auto& [name, value] : response.headers) {
      if (name == "Date") value = simulator::http_date(world.clock.now() + by);
    }
  };
}

TEST(Announced, AListThatSomeoneMadeAMinuteBeforeIsTheirsThoughALookMissedIt) {
  RunWorld world;
  world.hubspot.account().create_list("amplitude_Power Users");
  world.clock.advance(std::chrono::minutes(1));
  world.cohort({"ada@example.com"});
  world.hubspot.faults().add({kByName, "GET", 0, 1, "status", 404, "", -1, 0, false});
  for (int run = 0; run < 2; ++run) {
    const auto result = world.sync();
    ASSERT_TRUE(result.error) << run;
    EXPECT_EQ(result.error->code(), "hubspot.list_taken") << run;
  }
}

TEST(Announced, AListIsKnownByHubSpotsOwnClock) {
  for (const auto by : {std::chrono::hours(-3), std::chrono::hours(3)}) {
    RunWorld world("retry_for: 0s");
    world.cohort({"ada@example.com"});
    set_clock_ahead(world, by);
    // The creation's answer is lost, and the list is as old as HubSpot's clock says.
    world.hubspot.faults().add({kLists, "POST", 0, 1, "reset", 0, "", -1, 0, true});
    ASSERT_TRUE(world.sync().error);
    ASSERT_NE(world.list(), nullptr);
    world.list()->created += by;
    const auto result = world.sync();
    EXPECT_FALSE(result.error) << result.error->message();
    EXPECT_EQ(result.sync.audience_origin, AudienceOrigin::kOurs);
    EXPECT_EQ(world.members(), 1U);
  }
}

TEST(Announced, ACreationThatCameToNothingClaimsNoListThatAnAdminMakesDaysLater) {
  for (const bool tells_date : {true, false}) {
    RunWorld world("retry_for: 0s");
    world.hubspot.switches().date_header = tells_date;
    world.cohort({"ada@example.com"});
    // Nobody knows whether it was carried out; it was not.
    world.hubspot.faults().add({kLists, "POST", 0, 1, "reset", 0, "", -1, 0, false});
    ASSERT_TRUE(world.sync().error);
    world.clock.advance(std::chrono::hours(48));
    auto& list = world.hubspot.account().create_list("amplitude_Power Users");
    world.clock.advance(std::chrono::hours(1));
    const auto result = world.sync();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->code(), "hubspot.list_taken");
    EXPECT_TRUE(list.members.empty());
  }
}

TEST(Announced, ACreationWhoseAnswerWasLostIsOursHoweverLateItIsLookedFor) {
  RunWorld world("retry_for: 0s");
  world.cohort({"ada@example.com"});
  world.hubspot.faults().add({kLists, "POST", 0, 1, "reset", 0, "", -1, 0, true});
  ASSERT_TRUE(world.sync().error);
  world.clock.advance(std::chrono::hours(48));
  const auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(result.sync.audience_origin, AudienceOrigin::kOurs);
}

TEST(Announced, AListThatWasThereLongBeforeIsNotOursThoughALookMissedIt) {
  RunWorld world;
  world.hubspot.account().create_list("amplitude_Power Users");
  world.clock.advance(std::chrono::hours(1));
  world.cohort({"ada@example.com"});
  world.hubspot.faults().add({kByName, "GET", 0, 1, "status", 404, "", -1, 0, false});
  for (int run = 0; run < 2; ++run) {
    const auto result = world.sync();
    ASSERT_TRUE(result.error) << run;
    EXPECT_EQ(result.error->code(), "hubspot.list_taken") << run;
  }
}

//! The path of a look by such a name is another one.
TEST(Names, OfDotsAloneAreRefusedBeforeAnyCall) {
  for (const auto* name : {".", "..", "..."}) {
    PluginWorld world;
    world.header.audience_name = name;
    const auto result = world.sync({PluginWorld::add("ada@example.com")});
    ASSERT_TRUE(result.failure) << name;
    EXPECT_EQ(result.failure->code(), "hubspot.list_name");
    EXPECT_TRUE(world.hubspot.log().empty());
    world.header.audience_name = "...a";
    EXPECT_FALSE(world.sync({PluginWorld::add("ada@example.com")}).failure);
    EXPECT_THROW(world.destination().change_audience(MUSTER_AUDIENCE_RENAME,
                                                     world.header.audience_ref, name),
                 DestinationError);
  }
}

TEST(NewList, HoldsNobodyWhoCouldLeave) {
  for (const auto* verify : {"verify: false", "verify: true"}) {
    RunWorld world(verify);
    const auto people = PluginWorld::people(11);
    world.cohort({people.begin(), people.begin() + 10});
    world.sync();
    world.list()->deleted = world.clock.now();
    world.cohort({people.begin() + 5, people.end()});
    const auto result = world.sync();
    EXPECT_FALSE(result.error);
    EXPECT_EQ(world.members(), 6U);
    EXPECT_EQ(result.run.figures.listed, 6U);
    for (const auto& request : world.hubspot.log()) {
      const bool is_change = request.target.find("add-and-remove") != std::string::npos;
      if (!is_change || request.status != 200) continue;
      EXPECT_NE(request.body.find("\"recordIdsToRemove\":[]"), std::string::npos) << request.body;
    }
    EXPECT_EQ(world.hubspot.count("/records/memberships/"), 0U);
    EXPECT_EQ(world.sync().run.figures.removed, 0U) << "they left";
  }
}

}  // namespace
}  // namespace muster::testing
