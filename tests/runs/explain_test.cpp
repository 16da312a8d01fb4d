// `muster explain`: one person, by whatever they are known.
#include "run/explain.hpp"

#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class ExplainTest : public ::testing::Test {
 protected:
  void fill() {
    world.dir.write("cohort.csv",
                    "user_id,who\nu1,Ada@Example.com\nu2,grace@example.com\nu3,ada@example.com\n"
                    "u4,no address\nu5,\n");
    world.run();
    world.clock.advance(hours(1));
  }
  Explanation explain(const std::string& asked) {
    const auto workspace = world.open();
    return workspace->explain(workspace->config().sync("s"), asked, world.told);
  }

  SyncWorld world;
};

TEST_F(ExplainTest, AMemberIsTheSameBySourceIdIdentifierAndRecord) {
  fill();
  const auto record = std::to_string(world.id_of("ada@example.com"));
  for (const auto& asked : {std::string("u1"), std::string(" ADA@example.com"), record}) {
    SCOPED_TRACE(asked);
    const auto result = explain(asked);
    EXPECT_FALSE(result.is_stranger);
    ASSERT_EQ(result.people.size(), 1U);
    const auto& person = result.people[0];
    ASSERT_EQ(person.rows.size(), 2U);
    EXPECT_EQ(person.rows[0].line, 2U);
    EXPECT_EQ(person.rows[0].duplicate_of, 0U);
    EXPECT_EQ(person.rows[1].line, 4U);
    EXPECT_EQ(person.rows[1].duplicate_of, 2U);
    EXPECT_EQ(person.canonical, "ada@example.com");
    ASSERT_TRUE(person.state);
    EXPECT_EQ(person.state->state, MemberState::kListed);
    EXPECT_EQ(person.record_id, record);
    EXPECT_EQ(person.in_list, true);
    ASSERT_EQ(person.changes.size(), 1U);
    EXPECT_EQ(person.changes[0].change.kind, ChangeKind::kAdded);
    ASSERT_TRUE(person.changes[0].run);
  }
}

TEST_F(ExplainTest, AnotherAddressOfAMembersContactIsTheMember) {
  fill();
  auto& account = world.hubspot.account();
  account.create("lovelace@example.com");
  account.merge(*account.by_email("ada@example.com"), *account.by_email("lovelace@example.com"),
                true);
  const auto result = explain("lovelace@example.com");
  EXPECT_FALSE(result.is_stranger);
  ASSERT_EQ(result.people.size(), 1U);
  EXPECT_EQ(result.people[0].in_list, true);
  EXPECT_EQ(result.people[0].rows.size(), 2U);
}

TEST_F(ExplainTest, AnotherAccountIsNotAskedForTheRecordsOfThis) {
  fill();
  {
    const auto store = world.store();
    auto connection = *store->connection("c");
    connection.account_id = "another";
    store->put_connection(connection);
  }
  const auto before = world.hubspot.count("", "");
  const auto result = explain("ada@example.com");
  ASSERT_TRUE(result.not_asked);
  EXPECT_EQ(result.not_asked->code(), "run.account_changed");
  EXPECT_FALSE(result.people.at(0).in_list);
  EXPECT_EQ(world.hubspot.count("", ""), before);
}

TEST_F(ExplainTest, ARejectedRowSaysWhy) {
  fill();
  const auto invalid = explain("u4");
  ASSERT_EQ(invalid.people.size(), 1U);
  EXPECT_EQ(invalid.people[0].rows[0].rejected, "invalid_email");
  const auto blank = explain("u5");
  ASSERT_EQ(blank.people.size(), 1U);
  EXPECT_EQ(blank.people[0].rows[0].rejected, "no_identifier");
}

TEST_F(ExplainTest, ADropSaysItsReasonAndWhenItIsTriedAgain) {
  world.configure({"create_missing: false"});
  fill();
  const auto result = explain("grace@example.com");
  ASSERT_EQ(result.people.size(), 1U);
  const auto& person = result.people[0];
  ASSERT_TRUE(person.state);
  EXPECT_EQ(person.state->reason, "not_found");
  EXPECT_TRUE(person.tried_again);
  EXPECT_TRUE(person.record_id.empty());
  EXPECT_FALSE(person.in_list);
}

TEST_F(ExplainTest, WhoWasNotFoundIsTriedAgainByTheNextRunThatCreates) {
  world.configure({"create_missing: false"});
  fill();
  for (int tries = 0; tries < 3; ++tries) {
    world.run();
    world.clock.advance(hours(6));
  }
  EXPECT_GT(explain("grace@example.com").people[0].tried_again, world.clock.now());
  world.configure({"create_missing: true"});
  EXPECT_LE(explain("grace@example.com").people[0].tried_again, world.clock.now());
  EXPECT_EQ(world.run().run.figures.created, 2U);
}

TEST_F(ExplainTest, WhoLeftIsKnownByWhatChanged) {
  fill();
  world.dir.write("cohort.csv", "user_id,who\nu2,grace@example.com\n");
  world.run();
  const auto result = explain("ada@example.com");
  EXPECT_FALSE(result.is_stranger);
  ASSERT_EQ(result.people.size(), 1U);
  EXPECT_TRUE(result.people[0].rows.empty());
  EXPECT_FALSE(result.people[0].state);
  ASSERT_EQ(result.people[0].changes.size(), 2U);
  EXPECT_EQ(result.people[0].changes[0].change.kind, ChangeKind::kRemoved);
  EXPECT_EQ(result.people[0].in_list, false);
}

TEST_F(ExplainTest, WhoWasTakenOutByHandIsSaidNotToBeInTheList) {
  fill();
  world.hubspot.account().remove_member(world.list(), world.id_of("ada@example.com"));
  EXPECT_EQ(explain("u1").people[0].in_list, false);
}

TEST_F(ExplainTest, AStrangerIsSaidToBeOne) {
  fill();
  const auto nobody = explain("nobody@example.com");
  EXPECT_TRUE(nobody.is_stranger);
  EXPECT_TRUE(nobody.people[0].record_id.empty());
  auto& account = world.hubspot.account();
  const auto id = account.create("stranger@example.net").id;
  account.add_member(world.list(), id);
  for (const auto& asked : {std::to_string(id), std::string("stranger@example.net")}) {
    const auto result = explain(asked);
    EXPECT_TRUE(result.is_stranger);
    ASSERT_EQ(result.people.size(), 1U);
    EXPECT_EQ(result.people[0].record_id, std::to_string(id));
    EXPECT_EQ(result.people[0].in_list, true);
  }
}

TEST_F(ExplainTest, WhoWasRemovedIsKnownByTheRecord) {
  fill();
  const auto record = std::to_string(world.id_of("ada@example.com"));
  world.dir.write("cohort.csv", "user_id,who\nu2,grace@example.com\n");
  ASSERT_EQ(world.run().run.figures.removed, 1U);
  const auto result = explain(record);
  EXPECT_FALSE(result.is_stranger);
  ASSERT_EQ(result.people.size(), 1U);
  EXPECT_EQ(result.people[0].record_id, record);
  EXPECT_EQ(result.people[0].in_list, false);
  ASSERT_EQ(result.people[0].changes.size(), 2U);
  EXPECT_EQ(result.people[0].changes[0].change.kind, ChangeKind::kRemoved);
}

TEST_F(ExplainTest, ARecordThatWasMergedIsFollowedToTheMember) {
  fill();
  auto& account = world.hubspot.account();
  const auto gone = account.create("old@example.net").id;
  const auto before = world.id_of("ada@example.com");
  account.merge(*account.by_email("ada@example.com"), *account.by_email("old@example.net"), false);
  const auto record = std::to_string(world.id_of("ada@example.com"));
  for (const auto& asked : {std::to_string(gone), std::to_string(before), std::string("u1")}) {
    SCOPED_TRACE(asked);
    if (asked == std::to_string(gone)) world.run();  // the state learns of the merge
    const auto result = explain(asked);
    EXPECT_FALSE(result.is_stranger);
    ASSERT_EQ(result.people.size(), 1U);
    EXPECT_EQ(result.people[0].record_id, record);
    EXPECT_EQ(result.people[0].in_list, true);
  }
}

//! The state has the ids of before, and two members are one record by now.
TEST_F(ExplainTest, ARecordThatMembersWereMergedIntoLeadsToThemBeforeTheNextRun) {
  fill();
  auto& account = world.hubspot.account();
  account.merge(*account.by_email("ada@example.com"), *account.by_email("grace@example.com"),
                false);
  const auto merged = std::to_string(world.id_of("ada@example.com"));
  const auto store = world.store();
  ASSERT_TRUE(store->members_with_record(store->sync("s")->id, merged).empty()) << "a new id";
  const auto result = explain(merged);
  EXPECT_FALSE(result.is_stranger);
  ASSERT_EQ(result.people.size(), 2U);
  for (const auto& person : result.people) {
    EXPECT_EQ(person.record_id, merged);
    EXPECT_EQ(person.in_list, true);
  }
}

TEST_F(ExplainTest, ADestinationThatCantAnswerForAWhileIsAskedAgain) {
  fill();
  world.fault("", 503, 4);
  const auto result = explain("u1");
  EXPECT_FALSE(result.not_asked);
  EXPECT_EQ(result.people.at(0).in_list, true);
}

TEST_F(ExplainTest, ADriftIsToldWithTheRunsThatFoundAndMendedIt) {
  fill();
  world.clock.advance(hours(24));
  world.hubspot.account().remove_member(world.list(), world.id_of("ada@example.com"));
  const auto found = world.run();
  ASSERT_EQ(dropped(found, "drifted"), 1U);
  EXPECT_EQ(explain("u1").people.at(0).state->since, found.run.id);
  world.configure({"on_drift: repair"});
  world.clock.advance(hours(24));
  world.told.notices.clear();
  const auto mended = world.run();
  EXPECT_EQ(count_of(read_file(mended.report), ",added,,DRIFTED,"), 1U);
  ASSERT_EQ(world.told.notices.size(), 1U);
  EXPECT_EQ(count_of(world.told.notices[0], "1 member had been taken out"), 1U);
  const auto changes = explain("u1").people.at(0).changes;
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes[0].change.kind, ChangeKind::kAdded);
  EXPECT_EQ(changes[0].change.reason, "drifted");
}

TEST_F(ExplainTest, ARejectedValueIsFoundWithBlanksAroundIt) {
  fill();
  const auto result = explain(" no address ");
  ASSERT_EQ(result.people.size(), 1U);
  ASSERT_EQ(result.people[0].rows.size(), 1U);
  EXPECT_EQ(result.people[0].rows[0].rejected, "invalid_email");
}

TEST_F(ExplainTest, TheRestIsToldWhenTheDestinationCantBeAsked) {
  fill();
  world.fault("", 503, -1);
  const auto result = explain("u1");
  ASSERT_TRUE(result.not_asked);
  EXPECT_EQ(result.not_asked->kind(), ErrorKind::kLater);
  ASSERT_EQ(result.people.size(), 1U);
  EXPECT_TRUE(result.people[0].state);
  EXPECT_FALSE(result.people[0].in_list);
}

TEST_F(ExplainTest, WhoIsIdentifiedByARecordNowIsTheMemberOfBefore) {
  fill();
  const auto ada = std::to_string(world.id_of("ada@example.com"));
  world.configure({}, "contact_id");
  world.dir.write("cohort.csv", "user_id,who\nu1," + ada + "\n");
  for (const auto& asked : {std::string("u1"), std::string("Ada@Example.com"), ada}) {
    SCOPED_TRACE(asked);
    const auto result = explain(asked);
    EXPECT_EQ(result.former_kind, "email");
    EXPECT_FALSE(result.is_stranger);
    ASSERT_EQ(result.people.size(), 1U);
    const auto& person = result.people[0];
    ASSERT_EQ(person.rows.size(), 1U);
    EXPECT_EQ(person.rows[0].line, 2U);
    ASSERT_TRUE(person.state);
    EXPECT_EQ(person.state->state, MemberState::kListed);
    EXPECT_EQ(person.changes.size(), 1U);
    EXPECT_EQ(person.in_list, true);
  }
  world.run();
  EXPECT_EQ(explain("u1").former_kind, "");
}

TEST_F(ExplainTest, WhoIsIdentifiedByAnAddressNowIsTheMemberOfBefore) {
  auto& account = world.hubspot.account();
  const auto ada = std::to_string(account.create("ada@example.com").id);
  world.configure({}, "contact_id");
  world.dir.write("cohort.csv", "user_id,who\nu1," + ada + "\n");
  world.run();
  world.configure({});
  world.dir.write("cohort.csv", "user_id,who\nu1,ada@example.com\n");
  for (const auto& asked : {std::string("u1"), std::string("ada@example.com")}) {
    SCOPED_TRACE(asked);
    const auto result = explain(asked);
    ASSERT_EQ(result.people.size(), 1U);
    EXPECT_EQ(result.people[0].rows.size(), 1U);
    ASSERT_TRUE(result.people[0].state);
    EXPECT_EQ(result.people[0].in_list, true);
  }
  const auto by_record = explain(ada);
  ASSERT_EQ(by_record.people.size(), 1U);
  EXPECT_TRUE(by_record.people[0].state);
}

TEST_F(ExplainTest, AnAddressLeadsToAMemberThatGoesByARecord) {
  auto& account = world.hubspot.account();
  const auto ada = std::to_string(account.create("ada@example.com").id);
  account.create("stranger@example.com");
  world.configure({}, "contact_id");
  world.dir.write("cohort.csv", "user_id,who\nu1," + ada + "\n");
  world.run();
  const auto result = explain(" Ada@example.com");
  EXPECT_FALSE(result.is_stranger);
  ASSERT_EQ(result.people.size(), 1U);
  EXPECT_EQ(result.people[0].rows.size(), 1U);
  EXPECT_EQ(result.people[0].record_id, ada);
  EXPECT_EQ(result.people[0].in_list, true);
  const auto stranger = explain("stranger@example.com");
  EXPECT_TRUE(stranger.is_stranger);
  EXPECT_EQ(stranger.people[0].record_id, std::to_string(world.id_of("stranger@example.com")));
}

TEST_F(ExplainTest, NobodyIsNobody) {
  fill();
  try {
    explain(" ");
    FAIL() << "it explained nobody";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
}

TEST_F(ExplainTest, NothingIsWritten) {
  fill();
  world.hubspot.log().clear();
  explain("u1");
  explain("nobody@example.com");
  EXPECT_EQ(world.writes(), 0U);
}

TEST_F(ExplainTest, AWorkspaceThatNeverRanIsNotGivenAState) {
  world.cohort({"ada@example.com"});
  const auto result = explain("u0");
  EXPECT_FALSE(result.is_stranger);
  EXPECT_FALSE(result.people[0].state);
  EXPECT_FALSE(std::filesystem::exists(world.dir.path() / ".muster/state.db"));
}

}  // namespace
}  // namespace muster::testing
