// Mapped properties that HubSpot refuses: the fault of one row is found and told as that row's, and
// keeps nobody out of the list (hubspot/api.md §4.2, §4.5).
#include <gtest/gtest.h>

#include "hubspot/properties.hpp"

namespace muster::testing {
namespace {

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

TEST_F(Properties, OfOneContactThatAreRefusedForAnotherReasonOrNoneAreWrittenLater) {
  for (const int status : {413, 409, 400}) {
    const auto email = std::to_string(status) + "@example.com";
    world.hubspot.account().create(email);
    cohort({email + ",gold,7"});
    world.hubspot.faults().add({kUpdate, "POST", 0, 3, "status", status, "", -1, 0, false});
    EXPECT_EQ(world.sync().run.figures.not_updated, 1U);
    EXPECT_EQ(world.sync().run.figures.not_updated, 0U);
    EXPECT_EQ(value(email, "plan_tier"), "gold") << "the value did not change meanwhile";
  }
}

//! Nothing is sent, and nobody must take the value for written.
TEST_F(Properties, ThatAreRefusedAreToldByEachRunUntilTheyChange) {
  world.hubspot.account().create("a@example.com");
  world.hubspot.account().create("b@example.com");
  cohort({"a@example.com,gold,7", "b@example.com,gold,6"});
  ASSERT_EQ(world.sync().run.figures.not_updated, 0U);
  cohort({"a@example.com,gold,7", "b@example.com,gold,abc"});
  ASSERT_EQ(world.sync().run.figures.not_updated, 1U);
  EXPECT_EQ(world.preview().not_updated, 1U);
  for (int i = 0; i < 2; ++i) {
    const auto again = world.sync();
    EXPECT_EQ(again.run.figures.not_updated, 1U);
    EXPECT_EQ(world.hubspot.count(kUpdate), 0U);
    const auto report = text(again.report);
    EXPECT_NE(
        report.find("b@example.com,not_updated,rejected_by_destination,INVALID_INTEGER:score"),
        std::string::npos)
        << report;
  }
  cohort({"a@example.com,gold,7", "b@example.com,gold,8"});
  EXPECT_EQ(world.preview().not_updated, 0U);
  EXPECT_EQ(world.sync().run.figures.not_updated, 0U);
  EXPECT_EQ(world.sync().run.figures.not_updated, 0U);
  EXPECT_EQ(value("b@example.com", "score"), "8");
}

TEST_F(Properties, ThatAnotherWriterMetAreWrittenAgainInTheSameRun) {
  world.hubspot.account().create("first@example.com");
  auto& met = world.hubspot.account().create("met@example.com");
  cohort({"first@example.com,gold,7", "met@example.com,gold,7"});
  world.after_response = [&, is_first = true](const simulator::SimRequest& request,
                                              simulator::SimResponse& response) mutable {
    if (request.path() != kUpdate || !std::exchange(is_first, false)) return;
    met.properties.erase("plan_tier");
    auto body = boost::json::parse(response.body).as_object();
    auto& results = body["results"].as_array();
    results.erase(std::remove_if(results.begin(), results.end(),
                                 [&](const auto& contact) {
                                   return contact.at("id").as_string() == std::to_string(met.id);
                                 }),
                  results.end());
    body["errors"] = boost::json::array{
        boost::json::object{{"category", "CONFLICT"},
                            {"context", {{"ids", boost::json::array{std::to_string(met.id)}}}}}};
    response.status = 207;
    response.body = boost::json::serialize(body);
  };
  EXPECT_EQ(world.sync().run.figures.not_updated, 0U);
  EXPECT_EQ(value("met@example.com", "plan_tier"), "gold");
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

}  // namespace
}  // namespace muster::testing
