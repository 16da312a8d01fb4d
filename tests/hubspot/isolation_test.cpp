// One bad row never hurts its neighbours (hubspot/api.md §4.3 to §4.5): whole batches that are
// refused are taken apart in O(log n) calls for each culprit.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRead = "/contacts/batch/read";
constexpr const char* kCreate = "/contacts/batch/create";

//! Calls that taking a batch of 100 apart for one culprit may cost, beside the first: two for each
//! level.
constexpr std::size_t kForOneCulprit = 14;

TEST(Isolation, ARefusedAddressIsRefusedAlone) {
  PluginWorld world;
  world.account().refused_emails = {"person7@example.com"};
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 99U);
  EXPECT_EQ(result.outcomes[7].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[7].reason, "rejected_by_destination");
  EXPECT_EQ(result.outcomes[7].detail, "INVALID_EMAIL");
  EXPECT_EQ(world.hubspot.count(kCreate), 1U);
}

TEST(Isolation, ARequiredPropertyIsNamed) {
  PluginWorld world;
  world.hubspot.switches().required_on_create = {"firstname"};
  const auto result = world.sync(PluginWorld::adds({"ada@example.com"}));
  EXPECT_EQ(result.outcomes[0].detail, "MISSING_REQUIRED_PROPERTY:firstname");
}

TEST(Isolation, WhoExistsIsListedThoughTheCreationIsRefusedFirst) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.account().create("ada@example.com");
  world.hubspot.switches().required_on_create = {"firstname"};
  const auto result = world.sync(PluginWorld::adds({"ada@example.com", "bob@example.com"}));
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kApplied);
  EXPECT_EQ(result.outcomes[1].detail, "MISSING_REQUIRED_PROPERTY:firstname");
  EXPECT_EQ(world.hubspot.count(kCreate), 1U);
}

TEST(Isolation, AWholeBatchRefusalFindsEachCulpritInLogNCalls) {
  for (const std::size_t culprits : {1U, 3U}) {
    PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
    world.hubspot.switches().traces_isolate = false;
    for (std::size_t i = 0; i < culprits; ++i) {
      world.account().refused_emails.insert(fmt::format("person{}@example.com", 10 + 37 * i));
    }
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), culprits);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100 - culprits);
    EXPECT_EQ(result.outcomes[10].detail, "INVALID_EMAIL");
    EXPECT_LE(world.hubspot.count(kCreate), 1 + kForOneCulprit * culprits);
  }
}

TEST(Isolation, ACodeInsideTheMessageIsTheDetail) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().traces_isolate = false;
  world.account().refused_emails = {"person0@example.com"};
  world.after_response = [](const simulator::SimRequest&, simulator::SimResponse& response) {
    if (response.status != 400) return;
    auto body = boost::json::parse(response.body).as_object();
    body.erase("errors");
    response.body = boost::json::serialize(body);
  };
  const auto result = world.sync(PluginWorld::adds({"person0@example.com"}));
  EXPECT_EQ(result.outcomes[0].detail, "INVALID_EMAIL");
}

TEST(Isolation, ARefusalWithoutAnyFieldStillHasACode) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.faults().add({kCreate, "POST", 0, -1, "status", 400, "", -1, 0, false});
  world.after_response = [](const simulator::SimRequest&, simulator::SimResponse& response) {
    if (response.status == 400) response.body = "{}";
  };
  const auto result = world.sync(PluginWorld::adds({"ada@example.com"}));
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[0].detail, "HTTP_400");
}

class WholeConflict : public ::testing::TestWithParam<const char*> {};

TEST_P(WholeConflict, IsReadAndCostsThreeCalls) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().create_conflict_rejects_batch = true;
  world.hubspot.switches().conflict_ids = GetParam();
  const auto people = PluginWorld::people(100);
  for (std::size_t i = 0; i < 60; ++i) world.contact(people[i]);
  const auto result = world.sync(PluginWorld::adds(people));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100U);
  EXPECT_EQ(world.hubspot.count("/contacts/batch/"), 3U) << "create, read, create the missing";
  EXPECT_EQ(world.account().contacts().size(), 100U);
}

TEST_P(WholeConflict, OfAnAddressThatCantBeReadIsFoundInLogNCalls) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().create_conflict_rejects_batch = true;
  world.hubspot.switches().conflict_ids = GetParam();
  world.hubspot.switches().additional_emails_match_read = false;
  auto& ada = world.account().create("ada@example.com");
  world.account().add_additional_email(ada, "person33@example.com");
  const auto id = std::to_string(ada.id);
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied),
            std::string(GetParam()) == "none" ? 99U : 100U);
  if (std::string(GetParam()) == "none") {
    EXPECT_EQ(result.outcomes[33].detail, "CONFLICT");
  } else {
    EXPECT_EQ(result.outcomes[33].record_id, id);
  }
  EXPECT_LE(world.hubspot.count("/contacts/batch/"), 3 + kForOneCulprit + 1);
}

TEST_P(WholeConflict, ARaceWithAnotherWriterLosesNobody) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "read_first"}});
  world.hubspot.switches().create_conflict_rejects_batch = true;
  world.hubspot.switches().conflict_ids = GetParam();
  bool raced = false;
  world.before_request = [&](const simulator::SimRequest& request) {
    if (raced || request.path().find(kCreate) == std::string::npos) return;
    raced = true;
    world.contact("person5@example.com");
  };
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100U);
  EXPECT_FALSE(result.outcomes[5].created);
  EXPECT_EQ(world.account().contacts().size(), 100U);
  EXPECT_LE(world.hubspot.count(kCreate), 1 + kForOneCulprit);
  EXPECT_LE(world.hubspot.count(kRead), 2U);
}

INSTANTIATE_TEST_SUITE_P(ConflictIds, WholeConflict,
                         ::testing::Values("context", "message", "none"));

//! A list that refuses one contact after the other, whoever it is, is no bad row's fault.
TEST(Isolation, OfAListThatRefusesEveryoneIsToldAfterFewCallsAndBlamesNobody) {
  for (const int status : {400, 413}) {
    SCOPED_TRACE(status);
    PluginWorld world;
    for (const auto& email : PluginWorld::people(1'000)) world.contact(email);
    simulator::Fault fault;
    fault.path = "/memberships/add-and-remove";
    fault.status = status;
    fault.count = -1;
    fault.category = "ACCOUNT_PROBLEM";
    world.hubspot.faults().add(fault);
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(1'000)));
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->code(), "hubspot.refuses_all");
    EXPECT_NE(std::string(result.failure->what()).find("ACCOUNT_PROBLEM"), std::string::npos);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), 0U);
    EXPECT_LE(world.hubspot.count(fault.path), 64U);
  }
}

//! A list that refuses a call as soon as it holds one of `bad`, with `code`.
void refuse_each(PluginWorld& world, const std::set<std::string, std::less<>>& bad) {
  world.before_request = [&](const simulator::SimRequest& request) {
    if (request.path().find("/memberships/add-and-remove") == std::string::npos) return;
    const auto body = boost::json::parse(request.body);
    const auto& ids = body.at("recordIdsToAdd").as_array();
    if (std::none_of(ids.begin(), ids.end(), [&](const boost::json::value& id) {
          return bad.contains(std::string_view(id.as_string()));
        }))
      return;
    simulator::Fault fault;
    fault.path = "/memberships/add-and-remove";
    fault.status = 400;
    fault.category = "ODD_RECORD";
    world.hubspot.faults().add(fault);
  };
}

//! The first ones may be bad, each of them: whoever stands elsewhere tells. Where nobody does, they
//! are all that there is.
TEST(Isolation, OfAListThatRefusesItsFirstContactsKeepsTheOthersNotOut) {
  for (const auto& [count, bad_ones] : {std::pair(200U, 40U), {16U, 16U}, {17U, 16U}}) {
    SCOPED_TRACE(count);
    PluginWorld world;
    std::set<std::string, std::less<>> bad;
    for (const auto& email : PluginWorld::people(count)) {
      const auto id = world.contact(email);
      if (bad.size() < bad_ones) bad.insert(id);
    }
    refuse_each(world, bad);
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(count)));
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), bad_ones);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), count - bad_ones);
    EXPECT_EQ(world.members().size(), count - bad_ones);
  }
}

//! What the one from elsewhere is answered may be the failure of a moment.
TEST(Isolation, AProbeThatIsNotAnsweredProvesNothing) {
  PluginWorld world;
  std::set<std::string, std::less<>> bad;
  std::string last;
  for (const auto& email : PluginWorld::people(40)) {
    last = world.contact(email);
    if (bad.size() < 16) bad.insert(last);
  }
  refuse_each(world, bad);
  world.after_response = [&, was_met = false](const simulator::SimRequest& request,
                                              simulator::SimResponse& response) mutable {
    const bool is_probe = request.body.find("[\"" + last + "\"]") != std::string::npos;
    if (is_probe && !std::exchange(was_met, true)) response = {503, {}, {}};
  };
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(40)));
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), 16U);
}

//! A list that took many and refuses everyone from then on.
TEST(Isolation, OfAListThatRefusesEveryoneAfterASuccessIsToldAfterFewCalls) {
  PluginWorld world;
  for (const auto& email : PluginWorld::people(2'000)) world.contact(email);
  simulator::Fault fault;
  fault.path = "/memberships/add-and-remove";
  fault.status = 400;
  fault.skip = 1;
  fault.count = -1;
  fault.category = "ACCOUNT_PROBLEM";
  world.hubspot.faults().add(fault);
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(2'000)));
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "hubspot.refuses_all");
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 1'000U);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), 0U);
  EXPECT_LE(world.hubspot.count(fault.path), 160U);
}

//! As on the second day: those who are good are there, and only the bad ones are left to create.
TEST(Isolation, BadRowsBesideEachOtherNeverEndTheRun) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "read_first"}});
  world.hubspot.switches().traces_isolate = false;
  for (std::size_t i = 0; i < 40; ++i) {
    world.account().refused_emails.insert(fmt::format("person{}@example.com", i));
  }
  for (int run = 0; run < 2; ++run) {
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), 40U);
    EXPECT_EQ(
        PluginWorld::count(result, run == 0 ? OutcomeKind::kApplied : OutcomeKind::kUnchanged),
        60U);
    world.start();
  }
}

TEST(Isolation, ManyBadRowsAmongGoodOnesAreStillRefusedAlone) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().traces_isolate = false;
  for (std::size_t i = 0; i < 100; i += 3) {
    world.account().refused_emails.insert(fmt::format("person{}@example.com", i));
  }
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), 34U);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 66U);
}

//! As in a run: one address that HubSpot refuses keeps nobody else from being found.
TEST(LookUp, OneThatIsRefusedIsToldAsSuch) {
  PluginWorld world;
  const auto people = PluginWorld::people(20);
  for (const auto& email : people) world.contact(email);
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    const bool is_read = request.path().find("/contacts/batch/read") != std::string::npos;
    if (!is_read || request.body.find(people[4]) == std::string::npos) return;
    response.status = 400;
    response.body = R"({"status":"error","category":"VALIDATION_ERROR"})";
  };
  std::vector<std::string_view> wanted(people.begin(), people.end());
  std::vector<std::size_t> refused;
  const auto found = world.destination().look_up("email", wanted, &refused);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].empty(), i == 4) << i;
  EXPECT_EQ(refused, std::vector<std::size_t>{4});
  EXPECT_THROW(world.destination().look_up("email", wanted), DestinationError);
}

TEST(LookUp, ThatIsRefusedToAllIsNoAnswer) {
  PluginWorld world;
  world.after_response = [](const simulator::SimRequest&, simulator::SimResponse& response) {
    response.status = 400;
    response.body = R"({"status":"error","category":"VALIDATION_ERROR"})";
  };
  const auto people = PluginWorld::people(20);
  std::vector<std::string_view> wanted(people.begin(), people.end());
  std::vector<std::size_t> refused;
  EXPECT_THROW(world.destination().look_up("email", wanted, &refused), DestinationError);
}

}  // namespace
}  // namespace muster::testing
