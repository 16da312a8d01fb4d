// Every input has an outcome that HubSpot's answer gives, or none at all (hubspot/api.md §4, §10).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

namespace json = boost::json;

constexpr const char* kRead = "/contacts/batch/read";
constexpr const char* kCreate = "/contacts/batch/create";
constexpr const char* kChange = "/memberships/add-and-remove";

bool is_to(const simulator::SimRequest& request, const char* part) {
  return request.path().find(part) != std::string::npos;
}

//! From now on, answers of a path are changed as JSON.
void change_answers(PluginWorld& world, const char* part,
                    std::function<void(json::object&)> change) {
  world.after_response = [part, change = std::move(change)](const simulator::SimRequest& request,
                                                            simulator::SimResponse& response) {
    if (!is_to(request, part)) return;
    auto body = json::parse(response.body);
    change(body.as_object());
    response.body = json::serialize(body);
  };
}

TEST(Accounting, OneErrorNamesAHundredMissingAddresses) {
  PluginWorld world;
  world.header.create_missing = false;
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kNotFound), 100U);
  EXPECT_EQ(world.hubspot.count(kRead), 1U);
}

TEST(Accounting, OnlyObjectNotFoundSaysThatThereIsNobody) {
  PluginWorld world;
  for (const auto& email : PluginWorld::people(3)) world.contact(email);
  change_answers(world, kRead, [](json::object& body) {
    body["results"] = json::array{};
    body["errors"] = json::array{json::object{
        {"status", "error"},
        {"category", "VALIDATION_ERROR"},
        {"errors", json::array{json::object{{"code", "INVALID_EMAIL"}}}},
        {"context", json::object{{"ids", json::array{"person0@example.com", "PERSON1@example.com",
                                                     "person2@example.com"}}}}}};
  });
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(3)));
  ASSERT_EQ(PluginWorld::count(result, OutcomeKind::kRejected), 3U);
  EXPECT_EQ(result.outcomes[1].detail, "INVALID_EMAIL");
  EXPECT_EQ(world.hubspot.count(kCreate), 0U);
}

TEST(Accounting, AReadErrorWithoutIdsIsFoundByHalves) {
  PluginWorld world;
  for (const auto& email : PluginWorld::people(100)) world.contact(email);
  // As long as person41 is among the inputs, it is left out and an error that names nobody is told.
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (!is_to(request, kRead) || request.body.find("person41@") == std::string::npos) return;
    auto body = json::parse(response.body).as_object();
    auto& results = body["results"].as_array();
    for (auto it = results.begin(); it != results.end(); ++it) {
      if (it->at("properties").at("email") == "person41@example.com") {
        results.erase(it);
        break;
      }
    }
    body["errors"] = json::array{json::object{{"category", "VALIDATION_ERROR"}}};
    response.body = json::serialize(body);
  };
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 99U);
  EXPECT_EQ(result.outcomes[41].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[41].detail, "VALIDATION_ERROR");
  EXPECT_LE(world.hubspot.count(kRead), 2U);
}

//! They were created, and the answer tells of five of them nothing but that something went wrong.
TEST(Accounting, WhoAnAnswerLostBesideAnErrorOfNobodyIsCountedAsCreated) {
  for (const auto* resolve : {"read_first", "create_first"}) {
    for (const int lost : {5, 1, 1'000}) {
      SCOPED_TRACE(fmt::format("{} {}", resolve, lost));
      PluginWorld world(PluginWorld::Settings{{"resolve", resolve}});
      simulator::Fault fault;
      fault.path = kCreate;
      fault.kind = "lose_entries";
      fault.status = lost;
      fault.category = "VALIDATION_ERROR";
      fault.count = lost == 1'000 ? -1 : 1;  // all that every answer has to tell
      world.hubspot.faults().add(fault);
      const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
      ASSERT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100U);
      const auto created = std::count_if(result.outcomes.begin(), result.outcomes.end(),
                                         [](const auto& outcome) { return outcome.created; });
      EXPECT_EQ(created, 100);
    }
  }
}

TEST(Accounting, ASilentReadIsInDoubtForAllOfThem) {
  PluginWorld world;
  for (const auto& email : PluginWorld::people(100)) world.contact(email);
  world.hubspot.faults().add({kRead, "POST", 0, -1, "empty_results", 200, "", -1, 0, false});
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(100)));
  ASSERT_EQ(PluginWorld::count(result, OutcomeKind::kInDoubt), 100U);
  EXPECT_EQ(result.outcomes[0].detail, "UNACCOUNTED");
  EXPECT_EQ(world.hubspot.count(kRead), 1U) << "a silent answer is not asked one by one";
}

TEST(Accounting, ASilentCreationIsInDoubt) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.faults().add({kCreate, "POST", 0, -1, "empty_results", 200, "", -1, 0, false});
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(3)));
  ASSERT_EQ(PluginWorld::count(result, OutcomeKind::kInDoubt), 3U);
  EXPECT_EQ(result.outcomes[2].detail, "UNACCOUNTED");
  EXPECT_TRUE(world.members().empty());
}

TEST(Accounting, ResultsAreMatchedWhateverTheirOrderAndCase) {
  PluginWorld world;
  const auto ada = world.contact("ada@example.com");
  const auto bob = world.contact("bob@example.com");
  change_answers(world, kRead, [](json::object& body) {
    for (auto& result : body["results"].as_array()) {
      auto& email = result.at("properties").as_object()["email"];
      std::string text(email.as_string());
      text[0] = static_cast<char>(text[0] - 'a' + 'A');
      email = text;
    }
  });
  const auto result = world.sync(PluginWorld::adds({"bob@example.com", "ada@example.com"}));
  ASSERT_EQ(result.outcomes.size(), 2U);
  EXPECT_EQ(result.outcomes[0].record_id, bob);
  EXPECT_EQ(result.outcomes[1].record_id, ada);
}

TEST(Accounting, CreatedContactsAreMatchedByTraceIdToo) {
  for (const bool traces : {false, true}) {
    PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
    world.hubspot.switches().trace_ids_in_results = traces;
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(20)));
    ASSERT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 20U);
    for (std::size_t i = 0; i < 20; ++i) {
      const auto* contact = world.account().by_id(std::stoull(result.outcomes[i].record_id));
      ASSERT_NE(contact, nullptr);
      EXPECT_EQ(contact->email, PluginWorld::people(20)[i]);
      EXPECT_TRUE(result.outcomes[i].created);
    }
  }
}

TEST(Accounting, ASecondaryAddressIsItsContact) {
  for (const auto* resolve : {"read_first", "create_first"}) {
    for (const bool read_matches : {true, false}) {
      PluginWorld world(PluginWorld::Settings{{"resolve", resolve}});
      world.hubspot.switches().additional_emails_match_read = read_matches;
      auto& ada = world.account().create("ada@example.com");
      world.account().add_additional_email(ada, "ada@work.example.com");
      const auto id = std::to_string(ada.id);
      const auto result =
          world.sync(PluginWorld::adds({"ada@work.example.com", "ada@example.com"}));
      ASSERT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 2U) << resolve << read_matches;
      EXPECT_EQ(result.outcomes[0].record_id, id);
      EXPECT_EQ(result.outcomes[1].record_id, id);
      EXPECT_EQ(world.members(), std::vector<std::string>{id});
      EXPECT_EQ(world.account().contacts().size(), 1U);
    }
  }
}

TEST(Accounting, ASecondaryAddressThatNothingFindsIsAConflictOfItsOwn) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "read_first"}});
  world.hubspot.switches().additional_emails_match_read = false;
  world.hubspot.switches().conflict_ids = "none";
  auto& ada = world.account().create("ada@example.com");
  world.account().add_additional_email(ada, "ada@work.example.com");
  const auto result = world.sync(PluginWorld::adds({"ada@work.example.com", "bob@example.com"}));
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[0].detail, "CONFLICT");
  EXPECT_EQ(result.outcomes[1].kind, OutcomeKind::kApplied);
}

TEST(Accounting, ASecondaryAddressThatNoReadMatchesIsFoundByACreationAlone) {
  for (const bool may_create : {true, false}) {
    PluginWorld world;
    world.hubspot.switches().additional_emails_match_read = false;
    world.header.create_missing = may_create;
    auto& ada = world.account().create("ada@example.com");
    world.account().add_additional_email(ada, "ada@work.example.com");
    const auto result = world.sync(PluginWorld::adds({"ada@work.example.com"}));
    EXPECT_EQ(result.outcomes[0].kind, may_create ? OutcomeKind::kApplied : OutcomeKind::kNotFound);
    EXPECT_EQ(result.outcomes[0].record_id, may_create ? std::to_string(ada.id) : "");
    EXPECT_FALSE(result.outcomes[0].created);
    EXPECT_EQ(world.account().contacts().size(), 1U);
    EXPECT_EQ(world.hubspot.count("/contacts/search"), 0U);
  }
}

TEST(Accounting, AnArchivedContactIsNotFoundById) {
  PluginWorld world;
  world.header.kind = "contact_id";
  world.header.create_missing = false;
  const auto id = world.contact("ada@example.com");
  world.account().archive(*world.account().by_id(std::stoull(id)));
  const auto result = world.sync({PluginWorld::add(id)});
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kNotFound);
}

TEST(Accounting, AnArchivedContactsAddressGetsANewContact) {
  PluginWorld world;
  const auto id = world.contact("ada@example.com");
  world.account().archive(*world.account().by_id(std::stoull(id)));
  const auto result = world.sync({PluginWorld::add_record(id, "ada@example.com")});
  ASSERT_EQ(result.outcomes[0].kind, OutcomeKind::kApplied);
  EXPECT_NE(result.outcomes[0].record_id, id);
  EXPECT_TRUE(result.outcomes[0].created);
}

TEST(Accounting, AMergedIdIsItsSurvivor) {
  for (const bool told : {true, false}) {
    PluginWorld world;
    world.hubspot.switches().merged_ids_in_properties = told;
    world.header.kind = "contact_id";
    world.header.create_missing = false;
    std::vector<Operation> operations;
    std::vector<std::string> survivors;
    for (int i = 0; i < 5; ++i) {
      const auto primary = world.contact(fmt::format("a{}@example.com", i));
      const auto other = world.contact(fmt::format("b{}@example.com", i));
      auto& survivor = world.account().merge(*world.account().by_id(std::stoull(primary)),
                                             *world.account().by_id(std::stoull(other)), false);
      survivors.push_back(std::to_string(survivor.id));
      operations.push_back(PluginWorld::add(other));
      operations.push_back(PluginWorld::add(primary));
    }
    const auto result = world.sync(operations);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      EXPECT_EQ(result.outcomes[i].record_id, survivors[i / 2]);
    }
    EXPECT_EQ(world.members().size(), 5U);
  }
}

TEST(Accounting, TwoStoredIdsOfOneMergedContactAreOneMember) {
  PluginWorld world;
  const auto first = world.contact("a@example.com");
  const auto second = world.contact("b@example.com");
  auto& survivor = world.account().merge(*world.account().by_id(std::stoull(first)),
                                         *world.account().by_id(std::stoull(second)), true);
  EXPECT_EQ(std::to_string(survivor.id), first);
  const auto result = world.sync({PluginWorld::add_record(first, "a@example.com"),
                                  PluginWorld::add_record(second, "b@example.com")});
  EXPECT_EQ(result.outcomes[0].record_id, first);
  EXPECT_EQ(result.outcomes[1].record_id, first) << "the stored id is corrected";
  EXPECT_EQ(world.members(), std::vector<std::string>{first});
}

//! An id that stands twice would refuse the whole look-up (hubspot/api.md §4.3).
TEST(Accounting, ARecordThatIsNamedTwiceIsAskedOnce) {
  PluginWorld world;
  const auto id = world.contact("a@example.com");
  world.header.create_missing = false;
  auto first = PluginWorld::add_record(id, "a@example.com");
  auto second = PluginWorld::add_record(id, "b@example.com");
  first.must_exist = second.must_exist = true;
  const auto result = world.sync({first, second, PluginWorld::add("nobody@example.com")});
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(result.outcomes[0].record_id, id);
  EXPECT_EQ(result.outcomes[1].record_id, id);
  EXPECT_EQ(world.hubspot.count(kRead), 2U) << "one by id, one by address";
}

TEST(Accounting, RecordsAreToldBeforeTheyEnterTheList) {
  PluginWorld world;
  const auto known = world.contact("known@example.com");
  const auto found = world.contact("found@example.com");
  std::vector<std::pair<std::size_t, std::string>> told;
  world.resolved = [&](std::span<const ResolvedRecord> records) {
    EXPECT_EQ(world.hubspot.count(kChange), 0U);
    for (const auto& record : records) told.emplace_back(record.index, record.record_id);
  };
  const auto result =
      world.sync({PluginWorld::add_record(known, "known@example.com"),
                  PluginWorld::add("found@example.com"), PluginWorld::add("new@example.com")});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0], std::pair(std::size_t{1}, found));
  EXPECT_EQ(told[1], std::pair(std::size_t{2}, result.outcomes[2].record_id));
}

TEST(Accounting, NobodyEntersTheListWhoseRecordCouldNotBeWrittenDown) {
  PluginWorld world;
  world.resolved = [](std::span<const ResolvedRecord>) {
    throw Error(ErrorKind::kFailed, "state.write", "the disk is full");
  };
  const auto result = world.sync({PluginWorld::add("new@example.com")});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "state.write");
  EXPECT_EQ(world.hubspot.count(kChange), 0U);
  EXPECT_TRUE(result.outcomes[0].created) << "it is billed";
}

TEST(Accounting, IdsBeyondADoublesPrecisionStayExact) {
  PluginWorld world;
  world.header.kind = "contact_id";
  world.header.create_missing = false;
  std::string sent;
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (!is_to(request, kChange)) return;
    sent = request.body;
    response.body = R"({"recordsIdsAdded":[9007199254740993],"recordIdsMissing":[]})";
  };
  const auto result = world.sync({PluginWorld::add("9007199254740993")});
  EXPECT_NE(sent.find("\"9007199254740993\""), std::string::npos);
  EXPECT_EQ(result.outcomes[0].kind, OutcomeKind::kApplied);
  EXPECT_EQ(result.outcomes[0].record_id, "9007199254740993");
}

// ---- Memberships

TEST(Accounting, BothSpellingsAndAbsentArraysAreRead) {
  for (const bool spelled : {true, false}) {
    for (const bool omitted : {true, false}) {
      PluginWorld world;
      world.hubspot.switches().spell_record_ids_added = spelled;
      world.hubspot.switches().omit_empty_arrays = omitted;
      const auto ada = world.contact("ada@example.com");
      const auto first = world.sync({PluginWorld::add("ada@example.com")});
      EXPECT_EQ(first.outcomes[0].kind, OutcomeKind::kApplied);
      const auto again = world.sync({PluginWorld::add_record(ada, "ada@example.com")});
      EXPECT_EQ(again.outcomes[0].kind, OutcomeKind::kUnchanged);
      const auto gone = world.sync({PluginWorld::remove_record(ada)});
      EXPECT_EQ(gone.outcomes[0].kind, OutcomeKind::kApplied);
      EXPECT_TRUE(world.members().empty());
    }
  }
}

}  // namespace
}  // namespace muster::testing
