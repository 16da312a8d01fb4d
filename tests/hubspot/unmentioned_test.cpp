// Whom a membership answer does not mention was as wanted already, or was lost: the records' own
// lists tell which (hubspot/api.md §5).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

namespace json = boost::json;

constexpr const char* kChange = "/memberships/add-and-remove";
constexpr const char* kLook = "/memberships/batch/read";

bool is_to(const simulator::SimRequest& request, const char* part) {
  return request.path().find(part) != std::string::npos;
}

bool is_change(const simulator::SimRequest& request) { return is_to(request, kChange); }

std::string id_of(simulator::HubSpot& hubspot, const std::string& email) {
  return std::to_string(hubspot.account().by_email(email)->id);
}

//! HubSpot's answer, as if nothing had been done with these ids, without a word of them.
void lose(simulator::HubSpot& hubspot, const simulator::SimRequest& request,
          simulator::SimResponse& response, const std::set<std::string>& ids) {
  if (!is_change(request) || response.status != 200) return;
  auto& list = *hubspot.account().list_by_name("amplitude_Power Users");
  auto body = json::parse(response.body).as_object();
  for (const auto* name : {"recordsIdsAdded", "recordIdsRemoved"}) {
    json::array kept;
    for (const auto& id : body[name].as_array()) {
      const std::string text(id.as_string());
      if (!ids.contains(text)) {
        kept.push_back(id);
      } else if (std::string_view(name) == "recordsIdsAdded") {
        hubspot.account().remove_member(list, std::stoull(text));
      } else {
        hubspot.account().add_member(list, std::stoull(text));
      }
    }
    body[name] = std::move(kept);
  }
  response.body = json::serialize(body);
}

//! A list that holds these people already, as one that was taken over does.
void listed(PluginWorld& world, const std::vector<std::string>& people) {
  EXPECT_FALSE(world.sync(PluginWorld::adds(people)).failure);
  world.hubspot.log().clear();
}

TEST(Unmentioned, ASilentMembershipAnswerIsNoSuccess) {
  for (const auto* body : {"", "[]", "{\"status\":\"COMPLETE\",\"results\":[]}", "\"ok\""}) {
    PluginWorld world;
    world.contact("ada@example.com");
    world.after_response = [&](const simulator::SimRequest& request,
                               simulator::SimResponse& response) {
      if (is_change(request)) response.body = body;
    };
    const auto result = world.sync({PluginWorld::add("ada@example.com")});
    EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kInDoubt) << body;
    EXPECT_EQ(result.outcomes[0].detail, "UNACCOUNTED") << body;
  }
}

TEST(Unmentioned, AnAnswerThatMentionsNobodyIsCheckedAgainstTheList) {
  for (const auto* body :
       {"{}", R"({"recordsIdsAdded":[],"recordIdsRemoved":[],"recordIdsMissing":[]})"}) {
    PluginWorld world;
    std::vector<Operation> operations;
    for (const auto& email : PluginWorld::people(250)) world.contact(email);
    bool silent = true;
    world.before_request = [&](const simulator::SimRequest& request) {
      // Nothing is written.
      if (silent && is_change(request)) {
        world.hubspot.faults().add({kChange, "PUT", 0, 1, "empty_results", 200, "", -1, 0, false});
      }
    };
    world.after_response = [&](const simulator::SimRequest& request,
                               simulator::SimResponse& response) {
      if (silent && is_change(request)) response.body = body;
    };
    const auto people = PluginWorld::people(250);
    const auto lost = world.sync(PluginWorld::adds(people));
    EXPECT_EQ(PluginWorld::count(lost, OutcomeKind::kInDoubt), 250U);
    EXPECT_EQ(lost.outcomes[7].detail, "UNACCOUNTED");
    silent = false;
    const auto added = world.sync(PluginWorld::adds(people));
    EXPECT_EQ(PluginWorld::count(added, OutcomeKind::kApplied), 250U);
    world.hubspot.log().clear();
    const auto again = world.sync(PluginWorld::adds(people));
    EXPECT_EQ(PluginWorld::count(again, OutcomeKind::kUnchanged), 250U);
    EXPECT_EQ(world.hubspot.count("/memberships/batch/read"), 1U) << "one call whatever the size";
  }
}

TEST(Unmentioned, AListThatIsReadLateIsGivenItsTime) {
  PluginWorld world;
  const auto ada = world.contact("ada@example.com");
  world.sync({PluginWorld::add("ada@example.com")});
  int looks = 0;
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (!is_to(request, "/memberships/batch/read") || ++looks > 2) return;
    auto body = json::parse(response.body).as_object();
    body["results"].as_array().front().at("recordListMemberships") = json::array{};
    response.body = json::serialize(body);
  };
  const auto result = world.sync({PluginWorld::add_record(ada, "ada@example.com")});
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kUnchanged);
  EXPECT_EQ(looks, 3);
}

TEST(Unmentioned, AddsThatTheListLacksAreInDoubt) {
  PluginWorld world;
  std::set<std::string> lost;
  for (const auto& email : PluginWorld::people(20)) {
    const auto id = world.contact(email);
    if (lost.size() < 5) lost.insert(id);
  }
  world.after_response = [&](const auto& request, auto& response) {
    lose(world.hubspot, request, response, lost);
  };
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(20)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 15U);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kInDoubt), 5U);
  EXPECT_EQ(result.outcomes[4].detail, "UNACCOUNTED");
  world.after_response = nullptr;
  const auto again = world.sync(PluginWorld::adds(PluginWorld::people(5)));
  EXPECT_EQ(PluginWorld::count(again, OutcomeKind::kApplied), 5U);
}

TEST(Unmentioned, RemovalsOfWhoIsStillListedAreInDoubt) {
  PluginWorld world;
  const auto people = PluginWorld::people(20);
  listed(world, people);
  std::vector<Operation> operations;
  std::set<std::string> lost;
  for (const auto& email : people) {
    const auto id = id_of(world.hubspot, email);
    operations.push_back(PluginWorld::remove_record(id));
    if (lost.size() < 5) lost.insert(id);
  }
  world.after_response = [&](const auto& request, auto& response) {
    lose(world.hubspot, request, response, lost);
  };
  const auto result = world.sync(operations);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 15U);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kInDoubt), 5U);
}

//! A change that nothing confirms was perhaps never made.
TEST(Unmentioned, IsInDoubtWhereTheListsOfTheRecordsAreNotTold) {
  struct Case {
    int status;
    const char* detail;
  };
  for (const auto& [status, detail] : {Case{503, ""}, {429, ""}, {400, "UNACCOUNTED"}}) {
    for (const bool removes : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", status, removes));
      PluginWorld world;
      const auto people = PluginWorld::people(20);
      std::vector<Operation> operations;
      std::set<std::string> lost;
      for (const auto& email : people) lost.insert(world.contact(email));
      if (removes) listed(world, people);
      for (const auto& id : lost) operations.push_back(PluginWorld::remove_record(id));
      world.after_response = [&](const auto& request, auto& response) {
        lose(world.hubspot, request, response, lost);
      };
      simulator::Fault untold;
      untold.path = kLook;
      untold.count = -1;
      untold.status = status;
      if (status == 429) untold.policy = "TEN_SECONDLY_ROLLING";
      world.hubspot.faults().add(untold);
      const auto result = world.sync(removes ? operations : PluginWorld::adds(people));
      EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kInDoubt), 20U);
      EXPECT_EQ(result.outcomes[3].detail, detail);
    }
  }
}

TEST(Unmentioned, OneWhoseListsAreRefusedKeepsNobodyElseInDoubt) {
  PluginWorld world;
  const auto people = PluginWorld::people(90);  // all are looked at
  listed(world, people);
  const auto culprit = id_of(world.hubspot, people[7]);
  world.after_response = [&](const auto& request, auto& response) {
    if (!is_to(request, kLook)) return;
    if (request.body.find('"' + culprit + '"') == std::string::npos) return;
    response.status = 400;
    response.body = R"({"status":"error","category":"VALIDATION_ERROR"})";
  };
  const auto result = world.sync(PluginWorld::adds(people));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kUnchanged), 89U);
  EXPECT_EQ(result.outcomes[7].kind, OutcomeKind::kInDoubt);
}

TEST(Unmentioned, OfManyAHundredStandForTheOthers) {
  PluginWorld world;
  auto people = PluginWorld::people(900);
  listed(world, people);
  people.push_back("new@example.com");
  world.contact(people.back());
  const auto result = world.sync(PluginWorld::adds(people));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kUnchanged), 900U);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 1U);
  EXPECT_EQ(world.hubspot.count(kLook), 1U);
}

TEST(Unmentioned, AllAreLookedAtWhenOneOfTheHundredIsLost) {
  PluginWorld world;
  std::set<std::string> lost;
  const auto people = PluginWorld::people(250);
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto id = world.contact(people[i]);
    if (i % 5 < 2) lost.insert(id);
  }
  listed(world, people);
  auto& list = *world.account().list_by_name("amplitude_Power Users");
  for (const auto& id : lost) world.account().remove_member(list, std::stoull(id));
  world.after_response = [&](const auto& request, auto& response) {
    lose(world.hubspot, request, response, lost);
  };
  const auto result = world.sync(PluginWorld::adds(people));
  for (std::size_t i = 0; i < people.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].kind, i % 5 < 2 ? OutcomeKind::kInDoubt : OutcomeKind::kUnchanged)
        << i;
  }
}

TEST(Unmentioned, AddsThatAreLostAgainAndAgainAreDroppedSilently) {
  RunWorld world("verify: false, retry_for: 60s");
  const auto people = PluginWorld::people(20);
  std::set<std::string> lost;
  for (const auto& email : people) {
    const auto id = std::to_string(world.hubspot.account().create(email).id);
    if (lost.size() < 5) lost.insert(id);
  }
  world.after_response = [&](const auto& request, auto& response) {
    lose(world.hubspot, request, response, lost);
  };
  world.cohort(people);
  const auto result = world.sync();
  EXPECT_EQ(result.run.figures.listed, 15U);
  EXPECT_EQ(result.run.figures.dropped.at("silently_dropped"), 5U);
  EXPECT_EQ(world.members(), 15U);
}

}  // namespace
}  // namespace muster::testing
