// What an earlier run left in doubt, and the next one must put right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/world.hpp"

namespace muster {
namespace {

using simulator::Fault;
using simulator::SimRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kAllowingRemovals;
using testing::RecoveryWorld;
using testing::writes_members;

Fault fault_of(std::string path, std::string kind, std::int64_t count = 1) {
  Fault fault;
  fault.path = std::move(path);
  fault.kind = std::move(kind);
  fault.count = count;
  return fault;
}

TEST(Creation, OfAProcessThatDiedIsToldAsOfAnUnknownMaker) {
  RecoveryWorld world;
  world.hubspot.account().create("there@x.com");
  world.cohort({"new@x.com", "there@x.com"});
  world.before = [&](const SimRequest& request) {
    if (writes_members(request)) world.keep_disk();
  };
  world.sync();
  world.before = {};
  world.go_back_to_kept_disk();  // killed when the contact was made, and nobody had counted it
  world.cohort({"new@x.com", "there@x.com", "later@x.com"});

  const auto run = world.sync();

  EXPECT_FALSE(run.error);
  EXPECT_THAT(world.listed(), ElementsAre("later@x.com", "new@x.com", "there@x.com"));
  EXPECT_EQ(run.run.figures.created, 1U)
      << "later@x.com: HubSpot does not tell who made the others";
  const auto report = testing::read_file(run.report);
  EXPECT_NE(report.find("new@x.com,added,,SENT_BEFORE"), std::string::npos) << report;
  EXPECT_NE(report.find("there@x.com,added,,SENT_BEFORE"), std::string::npos) << report;
  EXPECT_NE(report.find("later@x.com,added,,,"), std::string::npos) << report;
}

TEST(DeletedList, IsMadeAgainWhenOnlyTheReadBackFindsItGone) {
  RecoveryWorld world;
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  world.list().deleted = world.clock.now();

  const auto run = world.sync();  // nothing to send

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
  EXPECT_THAT(world.listed(), ElementsAre("a@x.com", "b@x.com"));
}

TEST(DeletedList, IsNoticedWithoutAReadBackThoughOnlyARefusedMemberIsTried) {
  RecoveryWorld world("verify: false");
  world.hubspot.account().refused_emails = {"refused@x.com"};
  world.cohort({"a@x.com", "refused@x.com"});
  world.sync();
  world.list().deleted = world.clock.now();

  world.sync();

  EXPECT_THAT(world.listed(), ElementsAre("a@x.com"));
}

TEST(DeletedList, StopsTheRunWhenTheSyncSaysSo) {
  RecoveryWorld world("on_list_deleted: stop");
  world.cohort({"a@x.com"});
  world.sync();
  world.list().deleted = world.clock.now();

  const auto run = world.sync();

  ASSERT_TRUE(run.error);
  EXPECT_EQ(run.error->code(), "hubspot.list_gone");
  EXPECT_EQ(world.hubspot.account().list_by_name(RecoveryWorld::kList), nullptr);
}

TEST(DeletedList, IsRefilledAfterAKillThatCameWhenItWasMadeAgain) {
  RecoveryWorld world("verify: false");
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  world.list().deleted = world.clock.now();
  world.before = [&](const SimRequest& request) {
    if (writes_members(request) && world.hubspot.account().lists().size() == 2) world.keep_disk();
  };
  world.sync();
  ASSERT_FALSE(world.kept.empty());
  world.list().members.clear();  // killed: what was kept is what there is
  world.go_back_to_kept_disk();

  world.sync();

  EXPECT_THAT(world.listed(), ElementsAre("a@x.com", "b@x.com"));
}

TEST(DeletedList, ThatIsRestoredBeforeAnotherIsMadeIsTakenBack) {
  RecoveryWorld world("retry_for: 1s");
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  world.list().deleted = world.clock.now();
  auto& ours = world.hubspot.account().lists().begin()->second;
  world.fault(fault_of("/object-type-id/0-1/name/", "status", -1));
  ASSERT_TRUE(world.sync().error);  // gone, and HubSpot fails before another one is made
  world.hubspot.faults().clear();
  ours.deleted.reset();

  const auto run = world.sync();

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_EQ(world.hubspot.account().lists().size(), 1U);
}

TEST(NewList, ThatALookByNameDoesNotShowYetIsTakenOnceItDoes) {
  RecoveryWorld world;
  world.cohort({"a@x.com"});
  Fault lost = fault_of("/crm/lists/2026-09", "reset");
  lost.method = "POST";
  lost.applied = true;
  world.fault(lost);
  Fault lag = fault_of("/object-type-id/0-1/name/", "status", 2);
  lag.skip = 1;
  lag.status = 404;
  world.fault(lag);

  const auto run = world.sync();

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_THAT(world.listed(), ElementsAre("a@x.com"));
  EXPECT_EQ(world.hubspot.account().lists().size(), 1U);
}

TEST(Report, NamesAMemberThatWasFoundAfterAll) {
  RecoveryWorld world("verify: true");
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  const auto someone = world.list().members.begin()->first;
  world.hubspot.account().remove_member(world.list(), someone);
  world.sync();
  world.hubspot.account().add_member(world.list(), someone);

  const auto run = world.sync();

  EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
  EXPECT_NE(testing::read_file(run.report).find("found"), std::string::npos);
}

TEST(DroppedMember, WhoMayHaveGotInIsTakenOutWhenLeaving) {
  RecoveryWorld world("retry_for: 1s");
  world.cohort({"a@x.com", "b@x.com"});
  world.hubspot.account().create("a@x.com");
  world.hubspot.account().create("b@x.com");
  Fault lost = fault_of("/memberships/add-and-remove", "reset", -1);
  lost.applied = true;
  world.fault(lost);
  world.sync();
  world.hubspot.faults().clear();
  ASSERT_THAT(world.listed(), ElementsAre("a@x.com", "b@x.com"));
  // The next run is told that HubSpot takes neither; only the state knows that they may be in.
  Fault refused = fault_of("/contacts/batch/read", "status", -1);
  refused.status = 400;
  world.fault(refused);
  world.fault(fault_of("/memberships?", "refused", -1));
  Fault unwritable = fault_of("/memberships/add-and-remove", "status", -1);
  unwritable.status = 400;
  world.fault(unwritable);
  world.sync();
  world.hubspot.faults().clear();

  world.cohort({"b@x.com"});
  world.sync();

  EXPECT_THAT(world.listed(), ElementsAre("b@x.com"));
}

TEST(Removal, ThatWasOnlyClaimedIsRepeatedByTheNextRun) {
  RecoveryWorld world;
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  world.cohort({"b@x.com"});
  Fault lie = fault_of("/memberships/add-and-remove", "empty_results");
  world.fault(lie);
  world.sync();

  const auto run = world.sync();

  EXPECT_THAT(world.listed(), ElementsAre("b@x.com"));
  EXPECT_FALSE(run.error);
}

TEST(Removal, IsCountedOnceAndNothingIsLeftOfIt) {
  RecoveryWorld world;
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  world.cohort({"b@x.com"});

  EXPECT_EQ(world.sync().run.figures.removed, 1U);
  const auto calls = world.hubspot.log().size();
  EXPECT_EQ(world.sync().run.figures.removed, 0U);
  EXPECT_EQ(world.hubspot.log().size(), calls + 2);  // the read-back alone: the list, and its page
}

TEST(Removal, KeptForAReadBackThatFailedIsNotCountedAgain) {
  RecoveryWorld world("retry_for: 1s");
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  world.cohort({"b@x.com"});
  Fault unreadable = fault_of("/memberships", "status", -1);
  unreadable.method = "GET";
  world.fault(unreadable);
  EXPECT_EQ(world.sync().run.figures.removed, 1U);
  world.hubspot.faults().clear();

  EXPECT_EQ(world.sync().run.figures.removed, 0U);
  EXPECT_THAT(world.listed(), ElementsAre("b@x.com"));
}

TEST(Removal, WaitsForALookUpThatIsUnavailable) {
  RecoveryWorld world("retry_for: 20s");
  world.cohort({"a@x.com"});
  world.hubspot.account().create("a@x.com");
  world.before = [&](const SimRequest& request) {
    if (writes_members(request)) world.keep_disk();
  };
  world.sync();
  world.before = {};
  world.go_back_to_kept_disk();  // killed after it was written, and before that was known
  ASSERT_THAT(world.listed(), ElementsAre("a@x.com"));
  world.cohort({});
  world.fault(fault_of("/contacts/batch/read", "refused", 2));

  const auto run = world.sync(kAllowingRemovals);

  EXPECT_FALSE(run.error) << run.error->what();
  EXPECT_THAT(world.listed(), IsEmpty());
}

TEST(SilentDrop, OfARunWhoseReadBackFailedIsSentAgainByTheNext) {
  RecoveryWorld world("retry_for: 1s");
  world.cohort({"a@x.com", "b@x.com"});
  Fault dropped = fault_of("/memberships/add-and-remove", "drop_member");
  dropped.status = 1;
  world.fault(dropped);
  Fault unreadable = fault_of("/memberships", "status", -1);
  unreadable.method = "GET";
  world.fault(unreadable);
  world.sync();
  world.hubspot.faults().clear();
  ASSERT_EQ(world.listed().size(), 1U);

  const auto run = world.sync();

  EXPECT_EQ(run.run.status, RunStatus::kSucceeded);
  EXPECT_THAT(run.run.figures.dropped, IsEmpty());
  EXPECT_THAT(world.listed(), ElementsAre("a@x.com", "b@x.com"));
}

TEST(Drift, OfAMemberThatWasSeenStaysAReportedOne) {
  RecoveryWorld world;
  world.cohort({"a@x.com", "b@x.com"});
  world.sync();
  const auto someone = world.list().members.begin()->first;
  world.hubspot.account().remove_member(world.list(), someone);

  const auto run = world.sync();

  EXPECT_EQ(run.run.figures.dropped.at("drifted"), 1U);
  EXPECT_EQ(world.listed().size(), 1U);
}

}  // namespace
}  // namespace muster
