// Mapped properties: written when they changed, told row by row, and nothing else of a contact
// (hubspot/api.md §4.1, §4.5, §4.7).
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kUpdate = "/contacts/batch/update";
constexpr const char* kCreate = "/contacts/batch/create";

class Properties : public ::testing::Test {
 protected:
  void cohort(const std::vector<std::string>& rows) { world.cohort(rows, "email,plan,points"); }
  std::string value(const std::string& email, const std::string& property) {
    const auto* contact = world.hubspot.account().by_email(email);
    if (contact == nullptr) return "no contact";
    const auto found = contact->properties.find(property);
    return found == contact->properties.end() ? "" : found->second;
  }
  static std::string text(const std::filesystem::path& file) {
    std::ostringstream read;
    read << std::ifstream(file).rdbuf();
    return read.str();
  }

  RunWorld world{"properties: {plan: plan_tier, points: score}"};
};

TEST_F(Properties, AreWrittenWithACreationAndToContactsThatExist) {
  world.hubspot.account().create("old@example.com");
  cohort({"old@example.com,gold,7", "new@example.com,free,3"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(value("new@example.com", "plan_tier"), "free");
  EXPECT_EQ(value("new@example.com", "score"), "3");
  EXPECT_EQ(value("old@example.com", "plan_tier"), "gold");
  EXPECT_EQ(value("old@example.com", "score"), "7");
  EXPECT_EQ(world.hubspot.count(kUpdate), 1U);
  EXPECT_EQ(world.members(), 2U);
}

TEST_F(Properties, AreWrittenAgainOnlyWhereTheyChanged) {
  std::vector<std::string> rows;
  for (int i = 0; i < 250; ++i) rows.push_back(fmt::format("p{}@example.com,free,{}", i, i));
  cohort(rows);
  world.sync();
  world.sync();
  EXPECT_EQ(world.hubspot.count(kUpdate), 0U) << "nothing changed";
  rows[3] = "p3@example.com,gold,3";
  rows[200] = "p200@example.com,,200";
  cohort(rows);
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  ASSERT_EQ(world.hubspot.count(kUpdate), 1U);
  for (const auto& request : world.hubspot.log()) {
    if (request.target.find(kUpdate) == std::string::npos) continue;
    EXPECT_EQ(boost::json::parse(request.body).at("inputs").as_array().size(), 2U);
  }
  EXPECT_EQ(value("p3@example.com", "plan_tier"), "gold");
  EXPECT_EQ(value("p200@example.com", "plan_tier"), "") << "an empty cell clears";
  world.sync();
  EXPECT_EQ(world.hubspot.count(kUpdate), 0U);
}

TEST_F(Properties, AreCountedByThePlan) {
  std::vector<std::string> rows;
  for (int i = 0; i < 250; ++i) rows.push_back(fmt::format("p{}@example.com,free,{}", i, i));
  cohort(rows);
  world.sync();
  for (auto& row : rows) row += '0';
  cohort(rows);
  const auto foretold = world.preview().estimate.calls;
  world.sync();
  EXPECT_EQ(world.hubspot.count(kUpdate), 3U);
  EXPECT_EQ(world.hubspot.log().size(), foretold);
}

TEST_F(Properties, OfOneRowThatAreRefusedDoNotHurtTheOthers) {
  world.hubspot.account().create("bad@example.com");
  world.hubspot.account().create("good@example.com");
  cohort({"bad@example.com,gold,many", "good@example.com,free,3"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(world.members(), 2U);
  EXPECT_EQ(value("good@example.com", "score"), "3");
  EXPECT_EQ(value("bad@example.com", "score"), "");
  const auto report = text(result.report);
  EXPECT_NE(report.find("not_updated,rejected_by_destination,INVALID_INTEGER:score"),
            std::string::npos)
      << report;
  ASSERT_EQ(world.notices.size(), 1U);
  EXPECT_NE(world.notices[0].find("1 members"), std::string::npos);
  world.sync();
  EXPECT_EQ(world.hubspot.count(kUpdate), 0U) << "not sent again before it changes";
}

TEST_F(Properties, OfOneChangedRowThatAreRefusedKeepNobodyFromLeaving) {
  cohort({"a@example.com,gold,1", "b@example.com,free,2", "gone@example.com,free,3"});
  world.sync();
  cohort({"a@example.com,gold,n/a", "b@example.com,free,2"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(result.run.figures.removed, 1U);
  EXPECT_EQ(world.members(), 2U);
  EXPECT_NE(text(result.report).find("not_updated,rejected_by_destination,INVALID_INTEGER:score"),
            std::string::npos);
}

TEST_F(Properties, ThatAllChangedToValuesThatDoNotFitCostTheirRowsAlone) {
  const auto rows = [&](const char* points, int first, int count) {
    std::vector<std::string> all;
    for (int i = first; i < first + count; ++i) {
      all.push_back(fmt::format("p{}@example.com,gold,{}", i, points));
    }
    cohort(all);
  };
  rows("1", 0, 60);
  EXPECT_FALSE(world.sync().error);
  // 50 who stay, 30 who enter, 10 who leave.
  rows("many", 10, 80);
  const auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(result.run.figures.added, 30U);
  EXPECT_EQ(result.run.figures.removed, 10U);
  EXPECT_EQ(world.members(), 80U);
  EXPECT_EQ(value("p80@example.com", "plan_tier"), "gold");
  EXPECT_EQ(value("p80@example.com", "score"), "");
  EXPECT_EQ(value("p10@example.com", "score"), "1") << "what was written before stays";
  ASSERT_FALSE(world.notices.empty());
  EXPECT_NE(world.notices.back().find("80 members"), std::string::npos) << world.notices.back();
  world.sync();
  EXPECT_EQ(world.hubspot.count(kUpdate), 0U) << "not sent again before they change";
}

TEST_F(Properties, OfANewMemberThatAreRefusedKeepNobodyOut) {
  for (const auto* resolve : {"read_first", "create_first"}) {
    for (const bool isolates : {true, false}) {
      SCOPED_TRACE(fmt::format("{} {}", resolve, isolates));
      RunWorld fresh("properties: {plan: plan_tier, points: score}",
                     std::string("resolve: ") + resolve);
      fresh.hubspot.switches().traces_isolate = isolates;
      const auto rows = [&](const char* points) {
        std::vector<std::string> all{fmt::format("bad@example.com,gold,{}", points)};
        for (int i = 0; i < 20; ++i) all.push_back(fmt::format("p{}@example.com,free,{}", i, i));
        fresh.cohort(all, "email,plan,points");
      };
      rows("many");
      const auto result = fresh.sync();
      EXPECT_FALSE(result.error) << result.error->message();
      EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
      EXPECT_EQ(result.run.figures.created, 21U);
      EXPECT_EQ(fresh.members(), 21U);
      auto* bad = fresh.hubspot.account().by_email("bad@example.com");
      ASSERT_NE(bad, nullptr);
      EXPECT_EQ(bad->properties["plan_tier"], "gold") << "only what is refused is left out";
      const auto report = text(result.report);
      EXPECT_NE(report.find("not_updated,rejected_by_destination,INVALID_INTEGER:score"),
                std::string::npos)
          << report;
      fresh.sync();
      EXPECT_EQ(fresh.hubspot.count(kUpdate), 0U) << "not sent again before it changes";
      rows("5");
      fresh.sync();
      EXPECT_EQ(bad->properties["score"], "5");
    }
  }
}

TEST_F(Properties, ThatAreRefusedAsAWholeBatchAreFoundByHalves) {
  world.hubspot.switches().traces_isolate = false;
  std::vector<std::string> rows;
  for (int i = 0; i < 100; ++i) {
    world.hubspot.account().create(fmt::format("p{}@example.com", i));
    rows.push_back(fmt::format("p{}@example.com,free,{}", i, i == 42 ? "many" : "1"));
  }
  cohort(rows);
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(value("p41@example.com", "score"), "1");
  EXPECT_EQ(value("p42@example.com", "score"), "");
  EXPECT_LE(world.hubspot.count(kUpdate), 15U);
}

//! Every field of an error is optional (hubspot/api.md §8).
TEST_F(Properties, OfOneRowWhoseErrorNamesNobodyAreFoundByHalves) {
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find(kUpdate) == std::string::npos) return;
    auto body = boost::json::parse(response.body);
    auto* errors = body.as_object().if_contains("errors");
    if (errors == nullptr) return;
    for (auto& error : errors->as_array()) error.as_object().erase("context");
    response.body = boost::json::serialize(body);
  };
  std::vector<std::string> rows;
  for (int i = 0; i < 100; ++i) {
    world.hubspot.account().create(fmt::format("p{}@example.com", i));
    rows.push_back(fmt::format("p{}@example.com,free,{}", i, i == 42 ? "many" : "1"));
  }
  cohort(rows);
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.run.figures.not_updated, 1U);
  const auto report = text(result.report);
  EXPECT_NE(report.find("p42@example.com,not_updated,rejected_by_destination"), std::string::npos);
  EXPECT_EQ(report.find("UNACCOUNTED"), std::string::npos);
  EXPECT_LE(world.hubspot.count(kUpdate), 2U) << "the others were told as written";
}

TEST_F(Properties, OfOneContactThatAreCalledTooMuchAreWrittenLater) {
  world.hubspot.account().create("old@example.com");
  cohort({"old@example.com,gold,7"});
  world.hubspot.faults().add({kUpdate, "POST", 0, 3, "status", 413, "", -1, 0, false});
  EXPECT_EQ(world.sync().run.figures.not_updated, 1U);
  EXPECT_EQ(world.sync().run.figures.not_updated, 0U);
  EXPECT_EQ(value("old@example.com", "plan_tier"), "gold") << "the value did not change meanwhile";
}

TEST(PropertyNames, AreNotBlankedInTheReportOnceTheirValuesFitted) {
  RunWorld world("properties: {stage: lifecyclestage}");
  world.hubspot.account().create("a@example.com");
  world.hubspot.account().create("b@example.com");
  world.cohort({"a@example.com,lead", "b@example.com,"}, "email,stage");
  EXPECT_FALSE(world.sync().error);
  world.cohort({"a@example.com,lead", "b@example.com,nonsense"}, "email,stage");
  std::ostringstream report;
  report << std::ifstream(world.sync().report).rdbuf();
  EXPECT_NE(report.str().find("INVALID_OPTION:lifecyclestage"), std::string::npos) << report.str();
}

TEST_F(Properties, OfAMergedContactReachItsSurvivor) {
  auto& first = world.hubspot.account().create("a@example.com");
  auto& second = world.hubspot.account().create("b@example.com");
  cohort({"a@example.com,free,1"});
  world.sync();
  auto& survivor = world.hubspot.account().merge(second, first, false);
  cohort({"a@example.com,gold,2"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(survivor.properties["plan_tier"], "gold");
}

TEST_F(Properties, ThatWouldLeadALifecycleStageBackAreToldAsNotWritten) {
  world.sync_keys = "properties: {plan: plan_tier, points: lifecyclestage}";
  world.hubspot.account().create("back@example.com").properties["lifecyclestage"] = "customer";
  world.hubspot.account().create("forth@example.com").properties["lifecyclestage"] = "lead";
  cohort({"back@example.com,gold,lead", "forth@example.com,gold,customer"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(value("back@example.com", "lifecyclestage"), "customer");
  EXPECT_EQ(value("back@example.com", "plan_tier"), "gold");
  EXPECT_EQ(value("forth@example.com", "lifecyclestage"), "customer");
  const auto report = text(result.report);
  EXPECT_NE(report.find("back@example.com,not_updated,rejected_by_destination,"
                        "LIFECYCLESTAGE_MOVES_FORWARD"),
            std::string::npos)
      << report;
  EXPECT_NE(report.find("forth@example.com,updated"), std::string::npos) << report;
}

TEST_F(Properties, OfTwoMembersThatAreOneContactAreWrittenOneAfterTheOther) {
  auto& ada = world.hubspot.account().create("ada@example.com");
  world.hubspot.account().add_additional_email(ada, "ada@work.example.com");
  cohort({"ada@example.com,free,1", "ada@work.example.com,gold,2"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(value("ada@example.com", "plan_tier"), "gold");
  EXPECT_EQ(world.hubspot.count(kUpdate), 2U);
}

TEST_F(Properties, WhoseWritingWasLostAreWrittenByTheNextRun) {
  world.hubspot.account().create("old@example.com");
  cohort({"old@example.com,gold,7"});
  world.hubspot.faults().add({kUpdate, "POST", 0, 1, "reset", 0, "", -1, 0, false});
  EXPECT_FALSE(world.sync().error) << "it is repeated within the run";
  EXPECT_EQ(value("old@example.com", "plan_tier"), "gold");
  cohort({"old@example.com,free,8"});
  world.hubspot.faults().add({kUpdate, "POST", 0, -1, "status", 503, "", -1, 0, false});
  const auto failed = world.sync();
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->kind(), ErrorKind::kLater);
  world.hubspot.faults().clear();
  EXPECT_FALSE(world.sync().error);
  EXPECT_EQ(value("old@example.com", "plan_tier"), "free");
}

TEST_F(Properties, ThatASilentAnswerDoesNotMentionAreNotCalledWritten) {
  world.hubspot.account().create("old@example.com");
  cohort({"old@example.com,gold,7"});
  world.hubspot.faults().add({kUpdate, "POST", 0, -1, "empty_results", 200, "", -1, 0, false});
  const auto result = world.sync();
  EXPECT_NE(text(result.report).find("not_updated,silently_dropped"), std::string::npos);
  world.hubspot.faults().clear();
  world.sync();
  EXPECT_EQ(value("old@example.com", "plan_tier"), "gold") << "the next run writes them";
}

TEST_F(Properties, GoToAnotherPropertyWhenTheMappingChanges) {
  world.hubspot.account().create("old@example.com");
  cohort({"old@example.com,gold,7"});
  world.sync();
  world.sync_keys = "properties: {plan: company, points: score}";
  EXPECT_FALSE(world.sync().error);
  EXPECT_EQ(value("old@example.com", "company"), "gold");
}

TEST(NoProperty, OfAContactThatExistsIsWrittenByAnyStrategy) {
  for (const auto* resolve : {"read_first", "create_first", "auto"}) {
    for (const auto* ids : {"context", "none"}) {
      PluginWorld world(PluginWorld::Settings{{"resolve", resolve}});
      world.hubspot.switches().conflict_ids = ids;
      const auto people = PluginWorld::people(100);
      for (const auto& email : people) {
        world.account().by_email(email);
        world.account().create(email).properties["plan_tier"] = "theirs";
      }
      world.header.property_names = {"plan_tier"};
      std::vector<Operation> operations;
      for (const auto& email : people) {
        operations.push_back({OperationKind::kAdd, false, email, {}, {"ours"}});
      }
      const auto before = world.account().contacts();
      world.clock.advance(Milliseconds{60'000});
      const auto result = world.sync(operations);
      EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 100U);
      for (const auto& [id, contact] : world.account().contacts()) {
        EXPECT_EQ(contact.properties.at("plan_tier"), "theirs") << resolve;
        EXPECT_EQ(contact.updated, before.at(id).updated) << resolve;
        EXPECT_EQ(contact.email, before.at(id).email);
      }
      EXPECT_EQ(world.hubspot.count(kUpdate), 0U);
      EXPECT_EQ(world.hubspot.count("/batch/upsert"), 0U);
      if (std::string(resolve) == "read_first") {
        EXPECT_EQ(world.hubspot.count(kCreate), 0U);
      }
    }
  }
}

}  // namespace
}  // namespace muster::testing
