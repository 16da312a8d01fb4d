// What the guard makes of adds that an earlier run did not settle: some may have taken effect, some
// surely have not.
#include <gtest/gtest.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class GuardedAddsTest : public ::testing::Test {
 protected:
  //! A run that ends for `fault`, which is over afterwards.
  void fail_for(const simulator::Fault& fault) {
    world.hubspot.faults().add(fault);
    ASSERT_TRUE(world.run().error);
    world.hubspot.faults().clear();
    world.clock.advance(hours(1));
  }
  static simulator::Fault lost_answers() {
    simulator::Fault lost;
    lost.path = "/memberships";
    lost.kind = "reset";
    lost.applied = true;
    lost.count = -1;
    return lost;
  }
  //! Whatever meets it is surely not applied.
  static simulator::Fault spent_quota() {
    simulator::Fault spent;
    spent.path = "/memberships";
    spent.status = 429;
    spent.policy = "DAILY";
    spent.count = -1;
    return spent;
  }
  static simulator::Fault broken() {
    simulator::Fault broken;
    broken.path = "/memberships";
    broken.status = 503;
    broken.count = -1;
    return broken;
  }
  void expect_stopped(const std::string& message, std::size_t listed) {
    const auto foretold = world.preview().guard;
    const auto result = world.run();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->code(), "guard.removals");
    EXPECT_EQ(result.error->message(), message + " would be removed; the guard allows 30.0%");
    ASSERT_TRUE(foretold.error);
    EXPECT_EQ(foretold.error->message(), result.error->message());
    EXPECT_EQ(world.listed().size(), listed);
  }
  std::vector<MemberRow> rows() const {
    const auto store = world.store();
    const auto members = store->members(store->sync("s")->id);
    std::vector<MemberRow> rows;
    for (MemberRow row; members->next(row);) rows.push_back(row);
    return rows;
  }
  std::ptrdiff_t count_possibly_in() const {
    const auto all = rows();
    return std::count_if(all.begin(), all.end(), may_have_been_added);
  }
  static std::vector<std::string> others(std::size_t from, std::size_t to) {
    const auto people = SyncWorld::people(to);
    return {people.begin() + static_cast<std::ptrdiff_t>(from), people.end()};
  }

  SyncWorld world;
};

TEST_F(GuardedAddsTest, OfACutShortFirstRunCountAsListed) {
  world.cohort(SyncWorld::people(100));
  fail_for(lost_answers());
  ASSERT_EQ(world.listed().size(), 100U);
  world.cohort(SyncWorld::people(1));
  expect_stopped("99 of 100 members that were sent and may be in the list (99.0%)", 100);
}

//! Ten times as many adds that failed make the removal of all who are listed no small share.
TEST_F(GuardedAddsTest, ThatFailedHideNobodyOfTheListed) {
  for (const auto& fault : {broken(), spent_quota()}) {
    SCOPED_TRACE(fault.status);
    SyncWorld fresh;
    fresh.cohort(SyncWorld::people(100));
    ASSERT_FALSE(fresh.run().error);
    fresh.cohort(SyncWorld::people(1'100));
    fresh.hubspot.faults().add(fault);
    ASSERT_TRUE(fresh.run().error);
    fresh.hubspot.faults().clear();
    fresh.clock.advance(hours(1));
    fresh.cohort(others(100, 1'100));
    const auto result = fresh.run();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->message(),
              "100 of 100 listed members (100.0%) would be removed; the guard allows 30.0%");
    EXPECT_EQ(fresh.listed().size(), 100U);
  }
}

//! Nobody of them is in the list: their leaving the cohort removes nobody.
TEST_F(GuardedAddsTest, ThatSurelyFailedAreNotJudged) {
  world.cohort(SyncWorld::people(100));
  ASSERT_FALSE(world.run().error);
  world.cohort(SyncWorld::people(600));
  fail_for(spent_quota());
  EXPECT_EQ(count_possibly_in(), 0);
  world.cohort(SyncWorld::people(100));
  EXPECT_FALSE(world.preview().guard.would_stop);
  const auto result = world.run();
  EXPECT_FALSE(result.error) << result.error->what();
  EXPECT_EQ(result.run.figures.removed, 0U);
  EXPECT_EQ(world.listed().size(), 100U);
  EXPECT_EQ(rows().size(), 100U);
}

//! The reading was wrong, or they were put in again: what is removed is what the guard is for.
TEST_F(GuardedAddsTest, WhomAReadingLackedCountBesideTheListed) {
  world.cohort(SyncWorld::people(40));
  ASSERT_FALSE(world.run().error);
  world.clock.advance(hours(1));
  simulator::Fault blind;
  blind.path = "/memberships";
  blind.method = "GET";
  blind.kind = "empty_results";
  blind.count = -1;
  world.hubspot.faults().add(blind);
  ASSERT_EQ(dropped(world.run(), "drifted"), 40U);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  world.cohort(SyncWorld::people(5));
  expect_stopped("35 of 40 members that are listed, or were missing when the list was read (87.5%)",
                 40);
  world.cohort({});
  const auto empty = world.run();
  ASSERT_TRUE(empty.error);
  EXPECT_NE(empty.error->message().find("all 40 members"), std::string::npos)
      << empty.error->message();
}

//! What a run has begun to remove is no member any more of whom others are a share.
TEST_F(GuardedAddsTest, RemovalsThatWereBegunMakeLaterOnesNoSmallerShare) {
  world.cohort(SyncWorld::people(40));
  ASSERT_FALSE(world.run().error);
  world.cohort(SyncWorld::people(29));
  fail_for(broken());
  world.cohort(SyncWorld::people(18));
  expect_stopped("11 of 29 listed members (37.9%)", 40);
  world.cohort(SyncWorld::people(29));
  EXPECT_FALSE(world.run().error) << "they were let pass before";
  EXPECT_EQ(world.listed().size(), 29U);
}

//! Who was not found, or perhaps created, is in no list yet.
TEST_F(GuardedAddsTest, ThatCameToNoRecordAreNotJudged) {
  for (const auto* path : {"/contacts/batch/read", "/contacts/batch/create"}) {
    for (const auto* kind : {"status", "reset", "refused"}) {
      for (const bool applied : {false, true}) {
        SCOPED_TRACE(fmt::format("{} {} {}", path, kind, applied));
        SyncWorld fresh;
        fresh.cohort(SyncWorld::people(100));
        simulator::Fault fault;
        fault.path = path;
        fault.kind = kind;
        fault.applied = applied;
        fault.count = -1;
        fresh.hubspot.faults().add(fault);
        // A contact that was created after all is found by the next look.
        const bool is_made = applied && std::string_view(path) == "/contacts/batch/create";
        ASSERT_EQ(fresh.run().error.has_value(), !is_made);
        if (is_made) continue;
        EXPECT_EQ(fresh.hubspot.count("/memberships"), 0U) << "nobody was sent to the list";
        fresh.hubspot.faults().clear();
        fresh.clock.advance(hours(1));
        fresh.cohort(SyncWorld::people(1));
        EXPECT_FALSE(fresh.preview().guard.would_stop);
        const auto result = fresh.run();
        EXPECT_FALSE(result.error) << result.error->what();
        EXPECT_EQ(result.run.figures.removed, 0U);
        EXPECT_EQ(fresh.listed().size(), 1U);
      }
    }
  }
}

//! Whoever is in the list by another hand stays there.
TEST_F(GuardedAddsTest, ThatSurelyFailedAreForgottenOnceTheirMemberLeaves) {
  world.cohort(SyncWorld::people(30));
  fail_for(spent_quota());
  const auto by_hand = world.hubspot.account().by_email("person29@example.com");
  ASSERT_NE(by_hand, nullptr);
  auto* list = world.hubspot.account().list_by_name(SyncWorld::kList);
  ASSERT_NE(list, nullptr);
  world.hubspot.account().add_member(*list, by_hand->id);
  world.cohort(SyncWorld::people(10));
  EXPECT_EQ(world.preview().removes, 0U);
  const auto result = world.run();
  EXPECT_FALSE(result.error) << result.error->what();
  EXPECT_EQ(result.run.figures.removed, 0U);
  EXPECT_EQ(world.listed().size(), 11U);
  EXPECT_EQ(rows().size(), 10U);
}

//! A kill in the midst of it would leave them for possibly listed.
TEST_F(GuardedAddsTest, ThatSurelyFailedMayBeListedOnceTheyAreSentAgain) {
  world.cohort(SyncWorld::people(100));
  fail_for(spent_quota());
  ASSERT_EQ(count_possibly_in(), 0);
  std::ptrdiff_t meanwhile = 0;
  world.hubspot.faults().set_source(
      [&](const simulator::SimRequest& request) -> std::optional<simulator::Fault> {
        if (request.target.find("/memberships") != std::string::npos && meanwhile == 0) {
          meanwhile = count_possibly_in();
        }
        return std::nullopt;
      });
  fail_for(lost_answers());
  EXPECT_EQ(meanwhile, 100);
  EXPECT_EQ(count_possibly_in(), 100);
  world.cohort(SyncWorld::people(1));
  expect_stopped("99 of 100 members that were sent and may be in the list (99.0%)", 100);
}

//! A sure failure takes the doubt about an earlier try from nobody.
TEST_F(GuardedAddsTest, InDoubtStaySoWhenALaterTrySurelyFails) {
  world.cohort(SyncWorld::people(100));
  fail_for(lost_answers());
  fail_for(spent_quota());
  EXPECT_EQ(count_possibly_in(), 100);
  world.cohort(SyncWorld::people(1));
  expect_stopped("99 of 100 members that were sent and may be in the list (99.0%)", 100);
}

TEST_F(GuardedAddsTest, ThatSurelyFailedAreSentByTheirRecordsInTheNextRun) {
  world.cohort(SyncWorld::people(100));
  fail_for(spent_quota());
  world.hubspot.log().clear();
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.added, 100U);
  EXPECT_EQ(world.hubspot.count("/batch/read"), 0U);
  EXPECT_EQ(world.hubspot.count("/batch/create"), 0U);
}

}  // namespace
}  // namespace muster::testing
