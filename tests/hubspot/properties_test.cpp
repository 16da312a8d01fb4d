// Mapped properties: written when they changed, told row by row, and nothing else of a contact
// (hubspot/api.md §4.1, §4.5, §4.7).
#include <gtest/gtest.h>

#include "hubspot/properties.hpp"

namespace muster::testing {
namespace {

constexpr const char* kCreate = "/contacts/batch/create";

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

//! What was written to the former record says nothing of the one that took its place.
TEST_F(Properties, ReachARecordThatTookTheMembersPlace) {
  auto& account = world.hubspot.account();
  enum class How { kReplaced, kMerged, kReplacedAndListGone };
  for (const auto how : {How::kReplaced, How::kMerged, How::kReplacedAndListGone}) {
    SCOPED_TRACE(static_cast<int>(how));
    const auto email = fmt::format("a{}@example.com", static_cast<int>(how));
    auto& former = account.create(email);
    cohort({email + ",gold,7"});
    ASSERT_FALSE(world.sync({.allow_removals = true}).error);
    ASSERT_EQ(value(email, "plan_tier"), "gold");
    if (how == How::kMerged) {
      account.merge(account.create("other" + email), former, false);
    } else {
      account.archive(former);
      account.create(email);
    }
    if (how == How::kReplacedAndListGone) world.list()->deleted = world.clock.now();
    ASSERT_EQ(value(email, "plan_tier"), "");
    world.clock.advance(std::chrono::hours(1));
    // A merge is seen by the reading at a run's end.
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(world.sync().error);
    EXPECT_EQ(value(email, "plan_tier"), "gold");
    EXPECT_EQ(value(email, "score"), "7");
  }
}

//! The proof finds out that the member needs another record, behind the updates.
TEST_F(Properties, ReachARecordThatARepairMade) {
  auto& account = world.hubspot.account();
  cohort({"a@example.com,gold,7", "b@example.com,free,1"});
  world.sync_keys += ", on_drift: repair";
  ASSERT_FALSE(world.sync().error);
  account.archive(*account.by_email("a@example.com"));
  account.create("a@example.com");
  world.clock.advance(std::chrono::hours(1));
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(world.members(), 2U);
  EXPECT_EQ(value("a@example.com", "plan_tier"), "gold");
}

TEST_F(Properties, AreSentAgainByAFullRun) {
  world.hubspot.account().create("old@example.com");
  cohort({"old@example.com,gold,7"});
  world.sync();
  world.hubspot.account().by_email("old@example.com")->properties["plan_tier"] = "by hand";
  EXPECT_FALSE(world.sync().error);
  EXPECT_EQ(value("old@example.com", "plan_tier"), "by hand") << "the cohort's did not change";
  RunOptions full;
  full.full = true;
  EXPECT_FALSE(world.sync(full).error);
  EXPECT_EQ(value("old@example.com", "plan_tier"), "gold");
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
