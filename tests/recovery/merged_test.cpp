// Members whose contacts are other ones by now: merged by people at HubSpot, or made anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/world.hpp"

namespace muster {
namespace {

using simulator::SimRequest;
using ::testing::ElementsAre;
using testing::kAllowingRemovals;
using testing::RecoveryWorld;
using testing::writes_members;

//! Of the list, which it counts: a@x.com becomes another contact.
void merge_at_the_second_reading(RecoveryWorld& world, int& readings) {
  world.before = [&](const SimRequest& request) {
    const bool reads = request.method == "GET" && request.path().ends_with("/memberships");
    if (!reads || ++readings != 2) return;
    auto& account = world.hubspot.account();
    account.merge(*account.by_email("a@x.com"), *account.by_email("other@x.com"), false);
  };
}

//! A contact that a member of the cohort was merged into stays, though the other one left.
TEST(MergedLeaver, LeavesTheRecordToTheMemberThatItIsToo) {
  // What a removal by the record of before a merge does is not known (hubspot/api.md §4.7).
  struct Case {
    const char* verify;
    bool old_ids_are_missing;
  };
  for (const auto& [verify, old_ids_are_missing] : {Case{"verify: true", true},
                                                    {"verify: false", true},
                                                    {"verify: true", false},
                                                    {"verify: false", false}}) {
    SCOPED_TRACE(fmt::format("{}, {}", verify, old_ids_are_missing));
    RecoveryWorld world(verify);
    world.hubspot.switches().merged_ids_are_missing = old_ids_are_missing;
    auto& account = world.hubspot.account();
    account.create("gone@x.com");
    account.create("stays@x.com");
    world.cohort({"gone@x.com", "stays@x.com"});
    world.sync();
    account.merge(*account.by_email("gone@x.com"), *account.by_email("stays@x.com"), false);
    world.cohort({"stays@x.com"});

    const auto run = world.sync();

    EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
    EXPECT_EQ(world.list().members.size(), 1U);
    EXPECT_EQ(run.run.figures.listed, 1U);
  }
}

//! The proof of the run that took them out may still have seen them; the next one asks why not.
TEST(MergedLeaver, TakesNobodyAlongForGoodThoughTheReadingLagged) {
  for (const auto* drift : {"on_drift: report", "on_drift: repair"}) {
    SCOPED_TRACE(drift);
    RecoveryWorld world(drift);
    auto& switches = world.hubspot.switches();
    switches.merged_ids_are_missing = false;
    auto& account = world.hubspot.account();
    account.create("gone@x.com");
    account.create("stays@x.com");
    world.cohort({"gone@x.com", "stays@x.com"});
    world.sync();
    account.merge(*account.by_email("gone@x.com"), *account.by_email("stays@x.com"), false);
    world.clock.advance(std::chrono::hours(1));
    world.cohort({"stays@x.com"});
    switches.membership_lag_ms = 1'800'000;
    world.sync();
    world.clock.advance(std::chrono::hours(1));
    switches.membership_lag_ms = 0;

    const auto run = world.sync();

    EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
    EXPECT_EQ(run.run.figures.listed, 1U);
    EXPECT_EQ(world.list().members.size(), 1U);
  }
}

//! An address that has become a secondary one may not be found any more (hubspot/api.md §4.6).
TEST(MergedMember, IsFollowedByItsRecordWhenTheAddressLeadsNowhere) {
  RecoveryWorld world("remove_strangers: true");
  world.hubspot.switches().additional_emails_match_read = false;
  auto& account = world.hubspot.account();
  account.create("a@x.com");
  account.create("other@x.com");
  world.cohort({"a@x.com"});
  world.sync();
  account.merge(*account.by_email("other@x.com"), *account.by_email("a@x.com"), false);

  const auto run = world.sync();

  EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(world.list().members.size(), 1U);
}

//! There at the first reading, which waited for another's addition to show, and gone at the last.
TEST(MergedMember, IsFollowedThoughMergedWhileTheReadingSettles) {
  RecoveryWorld world;
  world.hubspot.switches().membership_lag_ms = 3'000;
  auto& account = world.hubspot.account();
  account.create("a@x.com");
  account.create("other@x.com");
  world.cohort({"a@x.com"});
  world.sync();
  world.clock.advance(std::chrono::hours(1));
  world.cohort({"a@x.com", "b@x.com"});
  int readings = 0;
  merge_at_the_second_reading(world, readings);

  const auto run = world.sync();

  EXPECT_GE(readings, 2);
  EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(run.run.figures.listed, 2U);
}

//! Two readings of the list, and a merge in between: the new id is no stranger's.
TEST(MergedMember, IsNoStrangerThoughMergedWhileStrangersAreSought) {
  RecoveryWorld world("remove_strangers: true");
  world.hubspot.switches().merge_keeps_primary_id = false;
  auto& account = world.hubspot.account();
  account.create("a@x.com");
  account.create("other@x.com");
  account.create("stranger@x.com");
  world.cohort({"a@x.com"});
  world.sync();
  account.add_member(world.list(), account.by_email("stranger@x.com")->id);
  int readings = 0;
  merge_at_the_second_reading(world, readings);

  world.sync();

  EXPECT_GE(readings, 2);
  EXPECT_THAT(world.listed(), ElementsAre("a@x.com"));
}

//! The write took effect, and the process died on its answer: the record must be known already.
TEST(Leaver, IsTakenOutThoughTheAddressHasChangedSinceAKill) {
  RecoveryWorld world;
  auto& account = world.hubspot.account();
  account.create("gone@x.com");
  world.cohort({"gone@x.com", "stays@x.com"});
  world.before = [&](const SimRequest& request) {
    if (writes_members(request)) world.keep_disk();
  };
  world.sync();
  world.before = {};
  world.go_back_to_kept_disk();
  account.set_email(*account.by_email("gone@x.com"), "elsewhere@x.com");
  world.cohort({"stays@x.com"});

  const auto run = world.sync();

  EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
  EXPECT_THAT(world.listed(), ElementsAre("stays@x.com"));
}

TEST(MergedLeaver, IsTakenOutWhenNobodyElseIsThatContact) {
  RecoveryWorld world("verify: false");
  auto& account = world.hubspot.account();
  account.create("gone@x.com");
  account.create("other@x.com");
  world.cohort({"gone@x.com"});
  world.sync();
  account.merge(*account.by_email("gone@x.com"), *account.by_email("other@x.com"), false);
  world.cohort({});

  world.sync(kAllowingRemovals);

  EXPECT_TRUE(world.list().members.empty());
}

//! A merge keeps who was in the list: nobody has taken out whoever is not there under the new id.
TEST(MergedMember, IsAddedWhereTheNewRecordIsNotInTheList) {
  for (const bool dies_first : {false, true}) {
    SCOPED_TRACE(dies_first);
    RecoveryWorld world;
    auto& account = world.hubspot.account();
    account.create("a@x.com");
    account.create("other@x.com");
    world.cohort({"a@x.com", "b@x.com"});
    world.sync();
    world.clock.advance(std::chrono::hours(1));
    const auto merged =
        account.merge(*account.by_email("a@x.com"), *account.by_email("other@x.com"), false).id;
    account.remove_member(world.list(), merged);
    if (dies_first) {
      // Before the list has them, and after: HubSpot has answered nothing of it yet.
      world.die_in_a_sync(writes_members);
      world.list().members.erase(merged);
    }

    const auto run = world.sync();

    EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
    EXPECT_TRUE(world.list().members.contains(merged));
  }
}

//! Of a run that sends everyone again: the contact that it made for a listed member is known.
TEST(ArchivedMember, WhoIsMadeAnewIsTakenOutThoughTheRunThatMadeThemWasKilled) {
  RecoveryWorld world("verify: false");
  auto& account = world.hubspot.account();
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  account.archive(*account.by_email("b@x.com"));
  RunOptions full;
  full.full = true;
  world.die_in_a_sync(
      [&](const SimRequest& request) {
        return writes_members(request) && account.by_email("b@x.com") != nullptr;
      },
      full);
  ASSERT_EQ(world.listed().count("b@x.com"), 1U);
  world.cohort({"a@x.com"});

  world.sync(kAllowingRemovals);

  EXPECT_THAT(world.listed(), ElementsAre("a@x.com"));
}

}  // namespace
}  // namespace muster
