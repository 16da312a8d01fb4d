// Who enters and who leaves are one change of the list (hubspot/api.md §10.11), and nobody leaves
// to enter again: plugin and host together.
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRead = "/contacts/batch/read";
constexpr const char* kChange = "/memberships/add-and-remove";

struct MembershipCall {
  std::size_t added = 0;
  std::vector<std::string> removed;
};

//! The membership calls of the latest run.
std::vector<MembershipCall> membership_calls(simulator::HubSpot& hubspot) {
  std::vector<MembershipCall> calls;
  for (const auto& request : hubspot.log()) {
    if (request.target.find(kChange) == std::string::npos) continue;
    const auto body = boost::json::parse(request.body);
    MembershipCall call{body.at("recordIdsToAdd").as_array().size(), {}};
    for (const auto& id : body.at("recordIdsToRemove").as_array()) {
      call.removed.emplace_back(id.as_string());
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

std::vector<std::string> ids(RunWorld& world, const std::vector<std::string>& people) {
  std::vector<std::string> all;
  for (const auto& email : people) {
    auto* contact = world.hubspot.account().by_email(email);
    if (contact == nullptr) contact = &world.hubspot.account().create(email);
    all.push_back(std::to_string(contact->id));
  }
  return all;
}

void by_contact_id(RunWorld& world) { world.identifier = "{column: id, as: contact_id}"; }

//! `count` of the people from the `first` on.
std::vector<std::string> people_from(std::size_t first, std::size_t count) {
  const auto all = PluginWorld::people(first + count);
  return {all.begin() + static_cast<std::ptrdiff_t>(first), all.end()};
}

TEST(Together, AddsAndRemovesOfARunAreOneMembershipCall) {
  for (const bool by_id : {false, true}) {
    SCOPED_TRACE(by_id);
    RunWorld world;
    if (by_id) by_contact_id(world);
    const auto cohort = [&](std::size_t first) {
      const auto people = people_from(first, 60);
      by_id ? world.cohort(ids(world, people), "id") : world.cohort(people);
    };
    cohort(0);
    world.sync();
    cohort(20);
    const auto result = world.sync();
    EXPECT_FALSE(result.error);
    EXPECT_EQ(result.run.figures.added, 20U);
    EXPECT_EQ(result.run.figures.removed, 20U);
    EXPECT_EQ(world.members(), 60U);
    const auto calls = membership_calls(world.hubspot);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].added, 20U);
    EXPECT_EQ(calls[0].removed.size(), 20U);
  }
}

TEST(Together, ThePlanForetellsTheCalls) {
  struct Case {
    const char* identifier;
    const char* keys;
    std::size_t enter;
    std::size_t leave;
  };
  constexpr const char* kId = "contact_id";
  for (const auto& [identifier, keys, enter, leave] :
       {Case{"email", "create_missing: false", 30, 20},
        Case{"email", "create_missing: false", 700, 900},
        Case{"email", "create_missing: false", 9'000, 2'500},
        Case{"email", "create_missing: false, verify: false", 30, 250},
        Case{"email", "create_missing: false, verify: false", 0, 0}, Case{"email", "", 30, 20},
        Case{kId, "", 30, 20}, Case{kId, "", 450, 300}, Case{kId, "", 600, 500},
        Case{kId, "", 0, 50}, Case{kId, "verify: false", 120, 120}}) {
    SCOPED_TRACE(fmt::format("{} '{}' {} {}", identifier, keys, enter, leave));
    RunWorld world(keys);
    const bool by_id = std::string(identifier) == kId;
    if (by_id) by_contact_id(world);
    ids(world, PluginWorld::people(3'000 + enter));
    const auto cohort = [&](std::size_t first, std::size_t count) {
      const auto people = people_from(first, count);
      by_id ? world.cohort(ids(world, people), "id") : world.cohort(people);
    };
    cohort(0, 3'000);
    EXPECT_FALSE(world.sync().error);
    cohort(leave, 3'000 - leave + enter);
    const auto foretold = world.preview().estimate.calls;
    const auto result = world.sync();
    EXPECT_FALSE(result.error);
    EXPECT_EQ(result.run.figures.added, enter);
    EXPECT_EQ(result.run.figures.removed, leave);
    EXPECT_EQ(world.hubspot.log().size(), foretold);
  }
}

//! Two addresses of one contact: one leaves the cohort, the other enters.
class SecondAddress : public ::testing::Test {
 protected:
  SecondAddress() : ada(world.hubspot.account().create("ada@example.com")) {
    world.hubspot.account().add_additional_email(ada, "ada@work.example.com");
    world.hubspot.account().create("bob@example.com");
    world.cohort({"ada@example.com", "bob@example.com"});
    world.sync();
    joined = world.list()->members.at(ada.id);
    world.clock.advance(std::chrono::hours(1));
    world.cohort({"ada@work.example.com"});
  }
  void expect_that_she_stayed(const RunResult& result) {
    EXPECT_FALSE(result.error);
    EXPECT_EQ(result.run.figures.added, 1U);
    EXPECT_EQ(result.run.figures.removed, 2U);
    EXPECT_EQ(result.run.figures.listed, 1U);
    ASSERT_EQ(world.members(), 1U);
    EXPECT_EQ(world.list()->members.at(ada.id), joined) << "she left, and entered again";
  }

  RunWorld world;
  simulator::Contact& ada;
  Instant joined{};
};

TEST_F(SecondAddress, StaysInTheListWithItsPerson) {
  expect_that_she_stayed(world.sync());
  const auto calls = membership_calls(world.hubspot);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].removed.size(), 1U) << "bob, and not her";
  world.sync();
  EXPECT_EQ(world.list()->members.at(ada.id), joined) << "nobody remembers her as leaving";
}

TEST_F(SecondAddress, StaysAlsoWhenItIsNotFoundAtOnce) {
  world.hubspot.faults().add({kRead, "POST", 0, 2, "status", 503, "", -1, 0, false});
  expect_that_she_stayed(world.sync());
}

TEST_F(SecondAddress, StaysWhenTheMembershipCallIsLost) {
  for (const bool applied : {true, false}) {
    world.hubspot.faults().add({kChange, "PUT", 0, 1, "reset", 0, "", -1, 0, applied});
  }
  expect_that_she_stayed(world.sync());
}

//! The run gives up on who enters, and not on who leaves: she is one of both.
TEST_F(SecondAddress, StaysWhenWhoEntersIsGivenUp) {
  world.sync_keys = "retry_for: 6s";
  // Each write to the list that adds is refused.
  world.before_request = [&](const simulator::SimRequest& request) {
    const bool adds = request.body.find(R"("recordIdsToAdd":[")") != std::string::npos;
    if (adds) world.hubspot.faults().add({kChange, "PUT", 0, 1, "status", 423, "", -1, 0, false});
  };
  const auto given_up = world.sync();
  ASSERT_TRUE(given_up.error);
  EXPECT_EQ(given_up.error->kind(), ErrorKind::kLater);
  EXPECT_EQ(given_up.run.figures.removed, 1U) << "bob, whom nothing holds back";
  ASSERT_EQ(world.list()->members.count(ada.id), 1U) << "she is in the cohort";
  world.before_request = {};
  world.hubspot.faults().clear();
  EXPECT_FALSE(world.sync().error);
  ASSERT_EQ(world.members(), 1U);
  EXPECT_EQ(world.list()->members.at(ada.id), joined);
}

TEST_F(SecondAddress, StaysWhenTheRunDiesBehindTheMembershipCall) {
  world.sync_keys = "retry_for: 1s";
  world.hubspot.faults().add({kChange, "PUT", 0, 1, "reset", 0, "", -1, 0, true});
  world.before_request = [&](const simulator::SimRequest& request) {
    if (request.path().find(kChange) == std::string::npos) return;
    world.hubspot.faults().add({"/crm/", "", 0, -1, "status", 503, "", -1, 0, false});
  };
  EXPECT_TRUE(world.sync().error);
  world.before_request = {};
  world.hubspot.faults().clear();
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  ASSERT_EQ(world.members(), 1U);
  EXPECT_EQ(world.list()->members.at(ada.id), joined);
}

TEST(MergedId, ThatEntersWhileItsSurvivorLeavesKeepsItsPersonIn) {
  for (const bool names_merges : {true, false}) {
    for (const std::size_t others : {5U, 1'200U}) {
      SCOPED_TRACE(fmt::format("{} {}", names_merges, others));
      RunWorld world;
      by_contact_id(world);
      world.hubspot.switches().merged_ids_in_properties = names_merges;
      auto& kept = world.hubspot.account().create("kept@example.com");
      auto& old = world.hubspot.account().create("old@example.com");
      const auto old_id = std::to_string(old.id);
      auto& survivor = world.hubspot.account().merge(kept, old, true);
      auto first = ids(world, people_from(0, others));
      first.push_back(std::to_string(survivor.id));
      world.cohort(first, "id");
      world.sync();
      const auto joined = world.list()->members.at(survivor.id);
      world.clock.advance(std::chrono::hours(1));
      auto second = ids(world, people_from(others / 2, others));
      second.push_back(old_id);
      world.cohort(second, "id");
      const auto result = world.sync();
      EXPECT_FALSE(result.error);
      EXPECT_EQ(result.run.figures.listed, others + 1);
      EXPECT_EQ(world.members(), others + 1);
      EXPECT_EQ(world.list()->members.at(survivor.id), joined) << "it left, and entered again";
    }
  }
}

// ---- The plugin alone

TEST(Batch, RemovesNobodyWhileAnAddOfItIsOpen) {
  PluginWorld world;
  const auto in = world.contact("in@example.com");
  world.sync({PluginWorld::add("in@example.com")});
  world.contact("a@example.com");
  struct Case {
    const char* kind;
    OutcomeKind add;
  };
  for (const auto& [kind, add] :
       {Case{"empty_results", OutcomeKind::kInDoubt}, Case{"status", OutcomeKind::kRetry}}) {
    world.hubspot.log().clear();
    world.hubspot.faults().add({kRead, "POST", 0, 1, kind, 503, "", -1, 0, false});
    const auto result =
        world.sync({PluginWorld::add("a@example.com"), PluginWorld::remove_record(in)});
    EXPECT_EQ(result.outcomes[0].kind, add);
    EXPECT_EQ(result.outcomes[1].kind, OutcomeKind::kRetry);
    EXPECT_FALSE(result.outcomes[1].retry_after);
    EXPECT_EQ(world.hubspot.count(kChange), 0U);
  }
}

TEST(Batch, RemovesWhoeverLeavesThoughAnAddIsRefused) {
  PluginWorld world;
  const auto in = world.contact("in@example.com");
  world.sync({PluginWorld::add("in@example.com")});
  world.account().refused_emails.insert("no@example.com");
  const auto result =
      world.sync({PluginWorld::add("no@example.com"), PluginWorld::remove_record(in)});
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[1].kind, OutcomeKind::kApplied);
  EXPECT_TRUE(world.members().empty());
}

TEST(Batch, TellsARemovalWhoseRecordIsAddedByWhatBecameOfTheAdd) {
  struct Case {
    const char* kind;
    OutcomeKind removal;
  };
  for (const auto& [kind, removal] :
       {Case{"", OutcomeKind::kUnchanged}, Case{"reset", OutcomeKind::kRetry}}) {
    PluginWorld world;
    const auto ada = world.contact("ada@example.com");
    world.contact("first@example.com");
    world.sync({PluginWorld::add("first@example.com")});
    if (*kind != '\0') world.hubspot.faults().add({kChange, "PUT", 0, 1, kind, 0, "", -1, 0, true});
    const auto result =
        world.sync({PluginWorld::remove_record(ada), PluginWorld::add("ada@example.com")});
    EXPECT_EQ(result.outcomes[0].kind, removal) << kind;
  }
}

TEST(Batch, BelievesNoRemovalThatAnAnswerAboutAddsLeavesOut) {
  PluginWorld world;
  const auto in = world.contact("in@example.com");
  world.sync({PluginWorld::add("in@example.com")});
  world.contact("a@example.com");
  // HubSpot adds, and says nothing of those who were to leave, nor takes them out.
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (request.path().find(kChange) == std::string::npos) return;
    auto* list = world.account().list(std::stoull(world.header.audience_ref));
    world.account().add_member(*list, std::stoull(in));
    auto body = boost::json::parse(response.body).as_object();
    body.erase("recordIdsRemoved");
    response.body = boost::json::serialize(body);
  };
  const auto result =
      world.sync({PluginWorld::add("a@example.com"), PluginWorld::remove_record(in)});
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kApplied);
  EXPECT_EQ(result.outcomes[1].kind, OutcomeKind::kInDoubt);
  EXPECT_EQ(result.outcomes[1].detail, "UNACCOUNTED");
}

TEST(Batch, LooksAnewForAnAddWhoseStoredRecordIsGone) {
  PluginWorld world;
  const auto in = world.contact("in@example.com");
  world.sync({PluginWorld::add("in@example.com")});
  const auto gone = world.contact("a@example.com");
  world.account().archive(*world.account().by_email("a@example.com"));
  const auto now = world.contact("a@example.com");
  const auto result =
      world.sync({PluginWorld::add_record(gone, "a@example.com"), PluginWorld::remove_record(in)});
  EXPECT_EQ(result.outcomes[0].record_id, now);
  EXPECT_EQ(result.outcomes[1].kind, OutcomeKind::kApplied);
  EXPECT_EQ(world.members(), std::vector<std::string>{now});
}

}  // namespace
}  // namespace muster::testing
