// Changes that were pushed, applied alone.
#include <gmock/gmock.h>

#include "runs/pushed_world.hpp"
#include "state/sqlite.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

TEST_F(PushedTest, AreAppliedAloneWithoutReadingTheSourceOrTheList) {
  fill(30);
  std::filesystem::remove(world.dir / "cohort.csv");
  push(true, {30, 31});
  push(false, {4});
  const auto result = apply();
  ASSERT_TRUE(result);
  ASSERT_FALSE(result->error);
  EXPECT_EQ(result->run.figures.added, 2U);
  EXPECT_EQ(result->run.figures.removed, 1U);
  EXPECT_EQ(result->run.figures.members, 2U);
  EXPECT_EQ(result->run.figures.listed, 2U);
  EXPECT_EQ(result->run.started_by, StartedBy::kPush);
  EXPECT_EQ(world.listed().size(), 31U);
  EXPECT_FALSE(lists(4));
  EXPECT_EQ(world.hubspot.count("/memberships", "GET"), 0U);
  EXPECT_FALSE(waits());
  EXPECT_FALSE(apply()) << "nothing is left to do";
}

TEST_F(PushedTest, OfSeveralMessagesTheOneComputedLastCounts) {
  fill(30);
  push(false, {3}, 100);
  push(true, {3}, 200);  // late: it was computed before
  ASSERT_TRUE(apply());
  EXPECT_FALSE(lists(3));
  push(true, {3}, 150);  // later still, when the newer one is applied
  EXPECT_FALSE(apply());
  EXPECT_FALSE(lists(3));
  EXPECT_FALSE(waits());
  push(true, {3}, 50);
  ASSERT_TRUE(apply());
  EXPECT_TRUE(lists(3));
}

TEST_F(PushedTest, AMessageThatComesAgainIsKnownAlsoWhenItWasApplied) {
  fill(30);
  const auto sent = message(true, {30}, now());
  EXPECT_TRUE(push(sent));
  EXPECT_FALSE(push(sent));
  ASSERT_TRUE(apply());
  EXPECT_FALSE(push(sent));
  EXPECT_FALSE(waits());
}

TEST_F(PushedTest, AppliedAgainAfterAKillTheyChangeNothing) {
  fill(30);
  push(true, {30});
  push(false, {4});
  ASSERT_TRUE(apply());
  const auto listed = world.listed();
  // As if the process had died between the run's end and the inbox.
  sqlite::Database(world.dir / ".muster/inbox.db", SQLITE_OPEN_READWRITE)
      .execute("UPDATE message SET applied = 0");
  const auto again = apply();
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->error);
  EXPECT_EQ(again->run.figures.added, 0U);
  EXPECT_EQ(again->run.figures.removed, 0U);
  EXPECT_EQ(world.listed(), listed);
}

TEST_F(PushedTest, StayInTheInboxUntilTheyAreApplied) {
  fill(30);
  push(true, {30});
  world.fault("/contacts", 503, -1);
  const auto failed = apply();
  ASSERT_TRUE(failed && failed->error);
  EXPECT_EQ(failed->run.status, RunStatus::kWaiting);
  EXPECT_TRUE(waits());
  world.hubspot.faults().clear();
  const auto done = apply();
  ASSERT_TRUE(done);
  EXPECT_FALSE(done->error);
  EXPECT_TRUE(lists(30));
}

TEST_F(PushedTest, TheGuardSumsRemovalsUntilAWholeRun) {
  fill(30);
  for (const auto& four : {People{0, 1, 2, 3}, People{4, 5, 6, 7}}) {
    push(false, four);
    ASSERT_FALSE(apply()->error);
  }
  push(false, {8, 9, 10, 11});
  push(true, {30});
  const auto stopped = apply();
  ASSERT_TRUE(stopped && stopped->error);
  EXPECT_EQ(stopped->error->code(), "guard.pushed_removals");
  EXPECT_EQ(stopped->run.status, RunStatus::kStopped);
  EXPECT_EQ(world.listed().size(), 22U);
  EXPECT_TRUE(waits());
  // A person looked: the whole run takes the changes in.
  EXPECT_EQ(world.preview().members, 19U);
  RunOptions allowed;
  allowed.allow_removals = true;
  ASSERT_FALSE(world.run(allowed).error);
  EXPECT_EQ(world.listed().size(), 19U);
  EXPECT_FALSE(waits());
  push(false, {12});
  EXPECT_FALSE(apply()->error) << "the sum begins anew";
}

//! HubSpot says that it took them out; nobody reads the list before the next whole run.
TEST_F(PushedTest, WhoIsStillInTheListLeavesWithTheNextWholeRun) {
  fill(30);
  world.lie("/memberships/add-and-remove", "PUT", "keep_member");
  push(false, {4});
  const auto result = apply();
  ASSERT_TRUE(result && !result->error);
  EXPECT_EQ(result->run.figures.removed, 1U);
  ASSERT_TRUE(lists(4));
  world.clock.advance(hours(1));
  const auto whole = world.run();
  EXPECT_EQ(whole.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(whole.run.figures.verified->strangers, 0U);
  EXPECT_FALSE(lists(4));
  EXPECT_EQ(world.listed().size(), 29U);
}

TEST_F(PushedTest, WhoWasTakenOutAndComesBackIsListedAgain) {
  fill(30);
  push(false, {4}, 100);
  ASSERT_TRUE(apply());
  push(true, {4}, 50);
  const auto result = apply();
  ASSERT_TRUE(result && !result->error);
  EXPECT_EQ(result->run.figures.added, 1U);
  EXPECT_TRUE(lists(4));
}

TEST_F(PushedTest, OfASyncThatProvesNothingLeaveNoRowBehind) {
  fill(30, {"verify: false"});
  push(false, {4});
  ASSERT_TRUE(apply());
  EXPECT_EQ(world.preview().removes, 0U);
}

//! As in a run over the whole cohort: neither a blind reading nor lost answers disarm the guard.
TEST_F(PushedTest, TheGuardKnowsWhoMayBeInTheList) {
  fill(30);
  world.clock.advance(hours(1));
  simulator::Fault blind;
  blind.path = "/memberships";
  blind.method = "GET";
  blind.kind = "empty_results";
  blind.count = -1;
  world.hubspot.faults().add(blind);
  ASSERT_EQ(dropped(world.run(), "drifted"), 30U);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  People most;
  for (std::size_t i = 0; i < 28; ++i) most.push_back(i);
  push(false, most);
  auto stopped = apply();
  ASSERT_TRUE(stopped && stopped->error);
  EXPECT_EQ(stopped->error->code(), "guard.pushed_removals");
  EXPECT_EQ(world.listed().size(), 30U);
  push(false, {28, 29});
  stopped = apply();
  ASSERT_TRUE(stopped && stopped->error);
  EXPECT_EQ(stopped->error->code(), "guard.pushed_empties");
  EXPECT_EQ(world.listed().size(), 30U);
}

TEST_F(PushedTest, TheGuardKnowsWhoWasSentAndMayBeInTheList) {
  fill(30);
  auto people = SyncWorld::people(130);
  world.cohort(people);
  simulator::Fault lost;
  lost.path = "/memberships/add-and-remove";
  lost.kind = "reset";
  lost.applied = true;
  lost.count = -1;
  world.hubspot.faults().add(lost);
  ASSERT_TRUE(world.run().error);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  ASSERT_EQ(world.listed().size(), 130U);
  People added;
  for (std::size_t i = 30; i < 130; ++i) added.push_back(i);
  push(false, added);
  const auto stopped = apply();
  ASSERT_TRUE(stopped && stopped->error);
  EXPECT_EQ(stopped->error->code(), "guard.pushed_removals");
  EXPECT_EQ(world.listed().size(), 130U);
}

TEST_F(PushedTest, CanNotEmptyAList) {
  fill(3, {"guard: off"});
  push(false, {0, 1, 2});
  const auto stopped = apply();
  ASSERT_TRUE(stopped && stopped->error);
  EXPECT_EQ(stopped->error->code(), "guard.pushed_empties");
  EXPECT_EQ(world.listed().size(), 3U);
}

TEST_F(PushedTest, WhoLeavesAndCanNotBeToldIsTold) {
  fill(30);
  auto leaving = message(false, {3}, now());
  leaving.users[0].properties.clear();
  push(leaving);
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->error);
  EXPECT_EQ(result->run.status, RunStatus::kCompletedWithDrops) << "who left may still be listed";
  EXPECT_TRUE(lists(3));
  ASSERT_EQ(result->notices.size(), 1U);
  EXPECT_EQ(result->notices[0].code, "leavers_without_identifier");
  EXPECT_EQ(result->notices[0].count, 1U);
  EXPECT_THAT(result->notices[0].text, HasSubstr("'who'"));
  EXPECT_EQ(result->notices[0].text.find("person"), std::string::npos);
}

TEST_F(PushedTest, WhoEntersWithoutAnIdentifierIsDroppedWithTheReason) {
  fill(30);
  auto entering = message(true, {30, 31}, now());
  entering.users[0].properties.clear();
  push(entering);
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_EQ(dropped(*result, "no_identifier"), 1U);
  EXPECT_EQ(result->run.status, RunStatus::kCompletedWithDrops);
  EXPECT_FALSE(waits());
}

TEST_F(PushedTest, WhoWasNotFoundIsMadeAtOnceWhenThatIsAllowed) {
  fill(30);
  configure({"create_missing: false"});
  for (int i = 0; i < 3; ++i) {  // each time there is longer to wait for another try
    push(true, {30});
    ASSERT_TRUE(apply());
    EXPECT_FALSE(lists(30));
    world.clock.advance(std::chrono::minutes(1));
  }
  configure({"create_missing: true"});
  push(true, {30});
  ASSERT_TRUE(apply());
  EXPECT_TRUE(lists(30));
}

TEST_F(PushedTest, OnePersonWhoLeavesAsOneUserAndEntersAsAnotherStays) {
  fill(30);
  push(false, {3});
  auto entering = message(true, {3}, now());
  entering.users[0].user_id = "another id";
  push(entering);
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->run.figures.removed, 0U);
  EXPECT_EQ(result->run.figures.unchanged, 1U);
  EXPECT_TRUE(lists(3));
}

class PushedAndMerged : public PushedTest, public ::testing::WithParamInterface<bool> {};

TEST_P(PushedAndMerged, WhoseContactWasMergedIntoAMembersLeavesThemInTheList) {
  // Else a removal by the id of before takes the survivor out (hubspot/api.md §4.7 does not know).
  world.hubspot.switches().merged_ids_are_missing = GetParam();
  fill(30);
  auto& account = world.hubspot.account();
  auto& other = *account.by_email(email(4));
  account.merge(*account.by_email(email(3)), other, false);
  push(false, {4});
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->error);
  EXPECT_TRUE(lists(3));
  ASSERT_EQ(world.told.notices.size(), 1U);
  EXPECT_THAT(world.told.notices[0], HasSubstr("merged"));
  ASSERT_FALSE(world.run().error);
  EXPECT_TRUE(lists(3));
  EXPECT_EQ(world.listed().size(), 29U);
}

INSTANTIATE_TEST_SUITE_P(MergedIds, PushedAndMerged, ::testing::Bool());

TEST_F(PushedTest, WhoseContactWasMergedIntoANobodysLeavesWithTheNextWholeRun) {
  fill(30);
  auto& account = world.hubspot.account();
  auto& other = account.create("someone@example.net");
  const auto survivor = account.merge(*account.by_email(email(4)), other, false).id;
  push(false, {4});
  ASSERT_FALSE(apply()->error);
  EXPECT_TRUE(world.listed().contains(survivor));
  ASSERT_FALSE(world.run().error);
  EXPECT_FALSE(world.listed().contains(survivor));
}

TEST_F(PushedTest, OfATimeToComeAreMalformed) {
  fill(30);
  try {
    push(message(true, {30}, now() * 1'000));
    ADD_FAILURE() << "milliseconds were taken for seconds";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "push.malformed");
  }
}

//! A clock that is hours ahead must not shut out what is computed after it.
TEST_F(PushedTest, OfASenderWhoseClockIsAheadCountFromWhenTheyCame) {
  fill(30);
  push(true, {30}, -20 * 3'600);
  ASSERT_FALSE(apply()->error);
  EXPECT_TRUE(lists(30));
  world.clock.advance(hours(2));
  push(false, {30});
  ASSERT_FALSE(apply()->error);
  EXPECT_FALSE(lists(30));
}

//! As our clock behind by some minutes makes all of them look.
TEST_F(PushedTest, ThatAreAheadKeepTheirOrderWhateverThatOfTheirArrival) {
  fill(30);
  push(message(false, {3}, now() + 360));
  push(message(true, {3}, now() + 300));
  ASSERT_FALSE(apply()->error);
  EXPECT_FALSE(lists(3));
}

TEST_F(PushedTest, ThatWaitAreAppliedHoweverOldTheyAre) {
  fill(30);
  std::filesystem::last_write_time(world.dir / "cohort.csv",
                                   file_time(world.clock.now() - hours(24 * 40)));
  ASSERT_FALSE(world.run().error);
  push(false, {3}, 31 * 24 * 3'600);  // computed long ago, and newer than the whole that was read
  push(false, {4});
  world.clock.advance(hours(24 * 40));  // as when the guard had stopped them for so long
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->run.figures.removed, 2U);
  EXPECT_FALSE(lists(3));
  EXPECT_FALSE(lists(4));
}

TEST_F(PushedTest, OfAnonymousUsersAreCountedAndTheOthersAreApplied) {
  fill(30);
  auto entering = message(true, {30, 31, 32}, now());
  entering.users[1].user_id.clear();
  push(entering);
  auto leaving = message(false, {3, 4}, now());
  leaving.users[0].user_id.clear();
  push(leaving);
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->error);
  EXPECT_EQ(dropped(*result, "no_identifier"), 1U);
  EXPECT_EQ(result->run.figures.added, 2U);
  EXPECT_EQ(result->run.figures.removed, 1U);
  EXPECT_EQ(result->run.status, RunStatus::kCompletedWithDrops);
  ASSERT_EQ(result->notices.size(), 1U);
  EXPECT_THAT(result->notices[0].text, HasSubstr("1 of those who leave"));
  EXPECT_FALSE(waits());
}

TEST_F(PushedTest, WhoLeavesUnderAnotherAddressIsTold) {
  fill(30);
  auto leaving = message(false, {3, 4}, now());
  leaving.users[0].properties["who"] = "married@example.com";
  push(leaving);
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->error);
  EXPECT_FALSE(lists(4));
  EXPECT_TRUE(lists(3));
  ASSERT_EQ(result->notices.size(), 1U);
  EXPECT_EQ(result->notices[0].code, "unknown_leavers");
  EXPECT_THAT(result->notices[0].text, HasSubstr("1 of those who leave"));
  EXPECT_EQ(result->notices[0].text.find("married"), std::string::npos);
}

//! A run that dies once it has removed a batch: nothing after that is done.
class DiesAfterABatch final : public RunObserver {
 public:
  struct Death {};
  void on_progress(const RunProgress& progress) override {
    if (progress.phase == RunProgress::Phase::kRemoving && progress.done > 0) throw Death{};
  }
  void on_notice(const std::string&) override {}
};

TEST_F(PushedTest, TheGuardKnowsOfRemovalsBeforeAKill) {
  fill(300);
  People leaving;
  for (std::size_t i = 0; i < 70; ++i) leaving.push_back(i);
  push(false, leaving);
  {
    const auto workspace = world.open();
    DiesAfterABatch observer;
    EXPECT_THROW(workspace->apply_pushed(workspace->config().sync("s"), observer),
                 DiesAfterABatch::Death);
  }
  EXPECT_EQ(world.listed().size(), 230U);
  push(false, {70, 71, 72, 73, 74, 75, 76, 77, 78, 79});
  ASSERT_FALSE(apply()->error);
  push(false, {80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90});
  const auto stopped = apply();
  ASSERT_TRUE(stopped && stopped->error) << "91 of 300 are more than 30%";
  EXPECT_EQ(stopped->error->code(), "guard.pushed_removals");
}

TEST_F(PushedTest, AreInTheInboxSealed) {
  fill(30);
  push(true, {30});
  for (const auto& entry : std::filesystem::directory_iterator(world.dir / ".muster")) {
    if (!entry.is_regular_file()) continue;
    const auto bytes = read_file(entry.path());
    for (const auto& told : {email(30), std::string("u30"), std::string("uuid::")}) {
      EXPECT_EQ(bytes.find(told), std::string::npos) << told << " in " << entry.path();
    }
  }
}

TEST_F(PushedTest, SealedByAnotherKeyAreToldWithTheirFile) {
  fill(30);
  push(true, {30});
  sqlite::Database(world.dir / ".muster/inbox.db", SQLITE_OPEN_READWRITE)
      .execute("UPDATE message SET message_key = 'another'");
  try {
    apply();
    ADD_FAILURE() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "vault.wrong_key");
    EXPECT_THAT(error.where(), HasSubstr("inbox.db"));
  }
}

}  // namespace
}  // namespace muster::testing
