// A sync that identifies its members in another way than before: nobody leaves and comes back.
#include "run/rekey.hpp"

#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class RekeyTest : public ::testing::Test {
 protected:
  RekeyTest() {
    for (const auto& email : SyncWorld::people(40)) world.hubspot.account().create(email);
  }
  std::vector<std::string> ids_of(const std::vector<std::string>& emails) {
    std::vector<std::string> ids;
    for (const auto& email : emails) ids.push_back(std::to_string(world.id_of(email)));
    return ids;
  }
  void fill(const std::string& kind) {
    identify(kind);
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(1));
    world.hubspot.log().clear();
  }
  //! The same forty people, by `kind`.
  void identify(const std::string& kind) {
    world.configure({}, kind);
    const auto people = SyncWorld::people(40);
    world.cohort(kind == "email" ? people : ids_of(people));
  }
  void expect_kept(const RunResult& result) {
    EXPECT_FALSE(result.error) << result.error->what();
    EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
    EXPECT_EQ(result.run.figures.listed, 40U);
    EXPECT_EQ(result.run.figures.unchanged, 40U);
    EXPECT_EQ(result.run.figures.added, 0U);
    EXPECT_EQ(result.run.figures.removed, 0U);
    EXPECT_EQ(world.writes(), 0U);
  }

  //! A wrong column or half a file, stopped, must not cost the matching of those who are listed.
  void expect_kept_after_a_stop(const std::string& kind) {
    const auto before = world.store()->sync("s")->identifier_kind;
    identify(kind);
    auto some = SyncWorld::people(10);
    world.cohort(kind == "email" ? some : ids_of(some));
    const auto stopped = world.run();
    ASSERT_TRUE(stopped.error);
    EXPECT_EQ(stopped.error->code(), "guard.removals");
    EXPECT_EQ(stopped.error->message(),
              fmt::format("30 of 40 listed members (75.0%) would be removed; the guard allows "
                          "30.0%; members are identified as {} now, no longer as {}",
                          kind, before));
    PreviewOptions looking_up;
    looking_up.look_up = true;
    const auto preview = world.preview(looking_up);
    ASSERT_TRUE(preview.guard.error);
    EXPECT_EQ(preview.guard.error->message(), stopped.error->message());
    EXPECT_EQ(world.store()->sync("s")->identifier_kind, before);
    world.clock.advance(hours(24));
    identify(kind);
    world.hubspot.log().clear();
    expect_kept(world.run());
    EXPECT_EQ(world.store()->sync("s")->identifier_kind, kind);
  }

  SyncWorld world;
};

TEST_F(RekeyTest, FromEmailToContactIdNobodyMoves) {
  fill("email");
  identify("contact_id");
  expect_kept(world.run());
  EXPECT_EQ(world.store()->sync("s")->identifier_kind, "contact_id");
  world.clock.advance(hours(1));
  expect_kept(world.run());
}

TEST_F(RekeyTest, FromContactIdToEmailNobodyMoves) {
  fill("contact_id");
  identify("email");
  expect_kept(world.run());
  world.clock.advance(hours(1));
  expect_kept(world.run());
}

TEST_F(RekeyTest, WhoJoinsAndLeavesAtTheSameTimeIsAddedAndRemoved) {
  fill("email");
  auto people = SyncWorld::people(41);
  world.hubspot.account().create(people[40]);
  people.erase(people.begin(), people.begin() + 2);
  world.configure({}, "contact_id");
  world.cohort(ids_of(people));
  const auto result = world.run();
  EXPECT_EQ(result.run.figures.added, 1U);
  EXPECT_EQ(result.run.figures.removed, 2U);
  EXPECT_EQ(result.run.figures.unchanged, 38U);
  EXPECT_EQ(world.listed().size(), 39U);
}

TEST_F(RekeyTest, AMappingThatWouldReplaceMostMembersIsStopped) {
  fill("email");
  std::vector<std::string> others;
  for (int i = 0; i < 40; ++i) {
    others.push_back(
        std::to_string(world.hubspot.account().create(fmt::format("other{}@example.net", i)).id));
  }
  world.configure({}, "contact_id");
  world.cohort(others);
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "guard.removals");
  EXPECT_EQ(world.writes(), 0U);
}

TEST_F(RekeyTest, ToContactIdThatTheGuardStoppedIsDoneByTheRunWithTheRightSource) {
  fill("email");
  expect_kept_after_a_stop("contact_id");
}

TEST_F(RekeyTest, ThatFindsNobodyIsToldByWhateverTheGuardSays) {
  fill("email");
  const auto expect_told = [this](const char* code) {
    const auto stopped = world.run();
    ASSERT_TRUE(stopped.error);
    EXPECT_EQ(stopped.error->code(), code);
    EXPECT_NE(stopped.error->message().find("as contact_id now, no longer as email"),
              std::string::npos)
        << stopped.error->message();
    EXPECT_FALSE(stopped.error->hint().empty());
  };
  world.configure({}, "contact_id");
  expect_told("guard.empty_source");  // addresses are no ids
  world.cohort({"1", "2"}, "other");
  expect_told("guard.lost_column");
}

//! Killed when the rows had their new keys, and the kind of before was still written down.
TEST_F(RekeyTest, ThatWasCutShortIsDoneByTheNextRun) {
  fill("email");
  identify("contact_id");
  expect_kept(world.run());
  {
    const auto store = world.store();
    auto row = *store->sync("s");
    row.identifier_kind = "email";
    store->put_sync(row);
  }
  world.clock.advance(hours(1));
  expect_kept(world.run());
  EXPECT_EQ(world.store()->sync("s")->identifier_kind, "contact_id");
}

//! They are known by the former identifier as long as the guard stops the change.
TEST_F(RekeyTest, ThatTheGuardStoppedHasARowForWhoStaysDropped) {
  fill("email");
  world.hubspot.account().remove_member(world.list(), world.id_of(SyncWorld::people(1)[0]));
  ASSERT_EQ(dropped(world.run(), "drifted"), 1U);
  world.clock.advance(hours(1));
  world.configure({}, "contact_id");
  world.cohort(ids_of(SyncWorld::people(10)));
  PreviewOptions options;
  options.rows = world.dir.path() / "rows.csv";
  world.preview(options);
  EXPECT_EQ(count_of(read_file(options.rows), ",dropped,drifted,"), 1U);
  const auto stopped = world.run();
  ASSERT_TRUE(stopped.error);
  EXPECT_EQ(stopped.error->code(), "guard.removals");
  EXPECT_EQ(dropped(stopped, "drifted"), 1U);
  EXPECT_EQ(count_of(read_file(stopped.report), ",dropped,drifted,"), 1U);
}

TEST_F(RekeyTest, ToEmailThatTheGuardStoppedIsDoneByTheRunWithTheRightSource) {
  fill("contact_id");
  expect_kept_after_a_stop("email");
}

TEST_F(RekeyTest, APlanShowsWhoIsKept) {
  fill("email");
  identify("contact_id");
  const auto preview = world.preview();
  ASSERT_TRUE(preview.identifier_change);
  EXPECT_EQ(preview.identifier_change->kept, 40U);
  EXPECT_EQ(preview.unchanged, 40U);
  EXPECT_EQ(preview.adds + preview.removes, 0U);
  EXPECT_FALSE(preview.guard.would_stop);
  EXPECT_EQ(world.store()->sync("s")->identifier_kind, "email");
}

TEST_F(RekeyTest, APlanByEmailKnowsItWithALookUpOnly) {
  fill("contact_id");
  identify("email");
  const auto blind = world.preview();
  ASSERT_TRUE(blind.identifier_change);
  EXPECT_FALSE(blind.identifier_change->kept);
  EXPECT_FALSE(blind.is_known);
  EXPECT_EQ(blind.adds + blind.removes, 0U);
  EXPECT_FALSE(blind.guard.error);
  PreviewOptions with_rows;
  with_rows.rows = world.dir.path() / "rows.csv";
  EXPECT_THROW(world.preview(with_rows), Error);
  EXPECT_TRUE(world.hubspot.log().empty());
  PreviewOptions options;
  options.look_up = true;
  const auto preview = world.preview(options);
  EXPECT_EQ(preview.identifier_change->kept, 40U);
  EXPECT_EQ(preview.unchanged, 40U);
  EXPECT_TRUE(preview.is_known);
}

TEST_F(RekeyTest, AnAddThatWasInDoubtIsFoundByItsRecord) {
  // Everyone is written, and the answer lost: forty pending rows with sealed addresses.
  simulator::Fault lost;
  lost.path = "/memberships";
  lost.kind = "reset";
  lost.applied = true;
  lost.count = -1;
  world.hubspot.faults().add(lost);
  world.configure({});
  world.cohort(SyncWorld::people(40));
  ASSERT_TRUE(world.run().error);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  identify("contact_id");
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.listed, 40U);
  EXPECT_EQ(result.run.figures.removed, 0U);
  EXPECT_EQ(world.listed().size(), 40U);
}

TEST_F(RekeyTest, ALookUpThatFailsStopsBeforeAnythingIsWritten) {
  fill("contact_id");
  identify("email");
  world.fault("/batch/read", 503, -1);
  const auto failed = world.run();
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->kind(), ErrorKind::kLater);
  EXPECT_EQ(world.writes(), 0U);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  world.hubspot.log().clear();
  expect_kept(world.run());
}

//! The cohort is read by then: the figures and the report tell everyone of it.
TEST_F(RekeyTest, ThatEndsBeforeThereIsAPlanTellsEveryone) {
  fill("contact_id");
  world.configure({}, "email");
  auto people = SyncWorld::people(40);
  people.insert(people.end(), {"bad", people[0]});
  world.cohort(people);
  world.fault("/batch/read", 503, -1);
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_TRUE(result.cohort_was_read);
  const auto kept = world.store()->run(result.run.id);
  EXPECT_TRUE(kept->cohort_was_read);
  for (const auto& f : {result.run.figures, kept->figures}) {
    EXPECT_EQ(f.rows, 42U);
    EXPECT_EQ(f.duplicates, 1U);
    EXPECT_EQ(f.members, 41U);
    EXPECT_EQ(f.listed, 0U);
    EXPECT_EQ(f.to_retry, 40U);
    EXPECT_EQ(f.dropped, (std::map<std::string, std::uint64_t>{{"invalid_email", 1}}));
  }
  const auto report = read_file(result.report);
  EXPECT_EQ(count_of(report, ",to_retry,"), 40U);
  EXPECT_EQ(count_of(report, "\n"), 1U + 42U);
  EXPECT_LT(report.find("person1@"), report.find("person2@")) << "in the order of the source";
}

TEST_F(RekeyTest, AConnectionOfAnotherNameToTheSameAccountChangesNothing) {
  fill("email");
  world.configure({}, "email", "renamed");
  expect_kept(world.run());
  EXPECT_EQ(world.store()->sync("s")->connection, "renamed");
}

TEST_F(RekeyTest, AnotherAccountIsNotMovedToWithoutACohort) {
  fill("email");
  auto store = world.store();
  auto row = *store->sync("s");
  row.account_id = "another";
  row = store->put_sync(row);
  std::filesystem::rename(world.dir.path() / "cohort.csv", world.dir.path() / "away.csv");
  RunOptions options;
  options.full = true;
  ASSERT_TRUE(world.run(options).error);
  EXPECT_EQ(store->count_members(row.id, MemberState::kListed), 40U);
  EXPECT_EQ(store->sync("s")->account_id, "another");
  EXPECT_EQ(store->sync("s")->audience_ref, row.audience_ref);
}

TEST_F(RekeyTest, APlanOfAnotherAccountSaysThatTheRunWouldBeRefused) {
  fill("email");
  auto store = world.store();
  auto row = *store->connection("c");
  row.account_id = "another";
  store->put_connection(row);
  store.reset();
  const auto preview = world.preview();
  ASSERT_TRUE(preview.refused);
  EXPECT_EQ(preview.refused->code(), "run.account_changed");
  PreviewOptions options;
  options.full = true;
  EXPECT_FALSE(world.preview(options).refused);
}

}  // namespace
}  // namespace muster::testing
