// The table of architecture.md, "State of a member", row by row, and in both modes.
#include "plan/plan.hpp"

#include <gtest/gtest.h>

#include "plan/support.hpp"

namespace muster {
namespace {

using testing::Cohort;
using testing::dropped_row;
using testing::ListedRows;
using testing::row_of;

const Instant kNow{Milliseconds{1'790'000'000'000}};

Plan plan_of(const Cohort& cohort, std::vector<MemberRow> rows,
             RunMode mode = RunMode::kIncremental,
             PlanOptions::Drift on_drift = PlanOptions::Drift::kReport) {
  PlanOptions options;
  options.mode = mode;
  options.now = kNow;
  options.on_drift = on_drift;
  ListedRows cursor(std::move(rows));
  return make_plan(cohort.index(), cursor, options);
}

//! That the plan adds the one member of the cohort, for that cause, and does nothing else.
void expect_one_add(const Plan& plan, AddCause cause) {
  ASSERT_EQ(plan.adds.size(), 1U);
  EXPECT_EQ(plan.adds[0].cause, cause);
  EXPECT_EQ(plan.adds[0].key, Cohort::key("a@x.com"));
  EXPECT_TRUE(plan.removes.empty());
  EXPECT_TRUE(plan.forgotten.empty());
  EXPECT_TRUE(plan.still_dropped.empty());
  EXPECT_EQ(plan.unchanged, 0U);
}

void expect_no_operation(const Plan& plan) {
  EXPECT_TRUE(plan.adds.empty());
  EXPECT_TRUE(plan.updates.empty());
  EXPECT_TRUE(plan.removes.empty());
}

TEST(Plan, AddsAMemberWithoutARow) {
  expect_one_add(plan_of(Cohort::of({"a@x.com"}), {}), AddCause::kNew);
}

TEST(Plan, AddsAPendingMemberAgain) {
  const auto plan = plan_of(Cohort::of({"a@x.com"}), {row_of("a@x.com", MemberState::kPending)});
  expect_one_add(plan, AddCause::kPending);
  EXPECT_EQ(plan.adds_by_record, 0U);
  EXPECT_EQ(plan.listed_before + plan.unsure_before, 0U);
}

TEST(Plan, LeavesAListedMemberAlone) {
  const auto plan =
      plan_of(Cohort::of({"a@x.com"}), {row_of("a@x.com", MemberState::kListed, "101")});
  expect_no_operation(plan);
  EXPECT_EQ(plan.unchanged, 1U);
  EXPECT_EQ(plan.listed_before, 1U);
}

TEST(Plan, AddsALeavingMemberAgainByItsRecord) {
  const auto plan =
      plan_of(Cohort::of({"a@x.com"}), {row_of("a@x.com", MemberState::kLeaving, "101")});
  expect_one_add(plan, AddCause::kLeaving);
  EXPECT_EQ(plan.adds_by_record, 1U);
  EXPECT_EQ(plan.listed_before, 0U);
}

TEST(Plan, LooksForADroppedMemberAgainInTheNextRun) {
  const auto plan =
      plan_of(Cohort::of({"a@x.com"}), {dropped_row("a@x.com", "not_found", 1, kNow)});
  expect_one_add(plan, AddCause::kProbe);
}

TEST(Plan, AddsADroppedMemberAgainWhenItsRetryIsDue) {
  const auto row = dropped_row("a@x.com", "not_found", 2, kNow - std::chrono::hours(1));
  expect_one_add(plan_of(Cohort::of({"a@x.com"}), {row}), AddCause::kHealing);
}

TEST(Plan, AddsWhoWasNotFoundAtOnceWhenTheSyncMakesRecordsNow) {
  PlanOptions options;
  options.now = kNow;
  options.creates = true;
  ListedRows rows({dropped_row("a@x.com", "not_found", 2, kNow)});
  const auto cohort = Cohort::of({"a@x.com"});
  expect_one_add(make_plan(cohort.index(), rows, options), AddCause::kHealing);
}

TEST(Plan, CountsADroppedMemberWhoseRetryIsNotDueAsStillDropped) {
  const auto row = dropped_row("a@x.com", "not_found", 2, kNow - std::chrono::minutes(59));
  const auto plan = plan_of(Cohort::of({"a@x.com"}), {row});
  expect_no_operation(plan);
  ASSERT_EQ(plan.still_dropped.size(), 1U);
  EXPECT_EQ(plan.still_dropped[0].key, row.key);
  EXPECT_EQ(plan.still_dropped_by_reason, (std::map<std::string, std::uint64_t>{{"not_found", 1}}));
}

TEST(Plan, RemovesWhoIsListedLeavingOrPendingAndNotInTheCohort) {
  for (const auto state : {MemberState::kListed, MemberState::kLeaving, MemberState::kPending}) {
    auto row = row_of("gone@x.com", state, "101");
    if (state == MemberState::kPending) row.sealed_identifier = "sealed";
    const auto plan = plan_of(Cohort::of({"a@x.com"}), {row});
    ASSERT_EQ(plan.removes.size(), 1U) << static_cast<int>(state);
    EXPECT_EQ(plan.removes[0], Cohort::key("gone@x.com"));
    EXPECT_TRUE(plan.forgotten.empty());
    const bool is_pending = state == MemberState::kPending;  // it may have got in
    EXPECT_EQ(plan.listed_before, state == MemberState::kListed ? 1U : 0U)
        << "a removal that was begun was judged then";
    EXPECT_EQ(plan.leaving_now, state == MemberState::kListed ? 1U : 0U);
    EXPECT_EQ(plan.unsure_before, is_pending ? 1U : 0U);
    EXPECT_EQ(plan.unsure_leaving, is_pending ? 1U : 0U);
  }
}

TEST(Plan, ForgetsWhoIsDroppedAndNotInTheCohort) {
  const auto plan = plan_of(Cohort::of({}), {dropped_row("gone@x.com", "not_found", 1, kNow)});
  expect_no_operation(plan);
  ASSERT_EQ(plan.forgotten.size(), 1U);
  EXPECT_EQ(plan.forgotten[0], Cohort::key("gone@x.com"));
}

//! Whoever is in the audience under that record came there by another hand.
TEST(Plan, ForgetsWhoseAddCameToNothingAndIsNotInTheCohort) {
  auto row = row_of("gone@x.com", MemberState::kPending, "101");
  row.sealed_identifier = "sealed";
  row.detail = kNotApplied;
  const auto plan = plan_of(Cohort::of({}), {row});
  expect_no_operation(plan);
  EXPECT_TRUE(plan.doubtful.empty());
  ASSERT_EQ(plan.forgotten.size(), 1U);
  EXPECT_EQ(plan.forgotten[0], row.key);
}

TEST(Plan, RemovesWhoMayYetBeInTheAudienceButCountsNoRemoval) {
  auto with_record = dropped_row("gone@x.com", "not_found", 1, kNow);
  with_record.record_id = "101";
  auto with_seal = dropped_row("gone@x.com", "not_found", 1, kNow);
  with_seal.sealed_identifier = "sealed";
  const auto removed_already = row_of("gone@x.com", MemberState::kPending, "101");
  for (const auto& row : {with_record, with_seal, removed_already}) {
    const auto plan = plan_of(Cohort::of({}), {row});
    ASSERT_EQ(plan.doubtful.size(), 1U);
    EXPECT_EQ(plan.doubtful[0], row.key);
    EXPECT_EQ(plan.unsure_before + plan.unsure_leaving, 0U);
    EXPECT_TRUE(plan.removes.empty());
    EXPECT_TRUE(plan.forgotten.empty());
  }
}

TEST(Plan, InFullModeSendsListedAndDroppedMembersAgain) {
  const auto listed = plan_of(Cohort::of({"a@x.com"}),
                              {row_of("a@x.com", MemberState::kListed, "101")}, RunMode::kFull);
  expect_one_add(listed, AddCause::kResend);
  EXPECT_EQ(listed.adds_by_record, 1U);
  EXPECT_EQ(listed.mode, RunMode::kFull);
  const auto dropped = plan_of(Cohort::of({"a@x.com"}),
                               {dropped_row("a@x.com", "not_found", 4, kNow)}, RunMode::kFull);
  expect_one_add(dropped, AddCause::kHealing);
}

TEST(Plan, AddsADriftedMemberOnlyWhenDriftIsRepaired) {
  const auto row = dropped_row("a@x.com", "drifted", 1, kNow - std::chrono::hours(100));
  const auto reported = plan_of(Cohort::of({"a@x.com"}), {row});
  expect_no_operation(reported);
  EXPECT_EQ(reported.still_dropped_by_reason.at("drifted"), 1U);
  const auto repaired =
      plan_of(Cohort::of({"a@x.com"}), {row}, RunMode::kIncremental, PlanOptions::Drift::kRepair);
  expect_one_add(repaired, AddCause::kDrifted);
}

TEST(Plan, UpdatesAListedMemberWhosePropertiesChanged) {
  const Cohort cohort({{"1", "a@x.com", {"gold"}}});
  auto row = row_of("a@x.com", MemberState::kListed, "101");
  row.properties = 1;
  const auto changed = plan_of(cohort, {row});
  ASSERT_EQ(changed.updates.size(), 1U);
  EXPECT_EQ(changed.updates[0].properties, cohort.index().members()[0].properties);
  EXPECT_EQ(changed.unchanged, 1U);
  row.properties = cohort.index().members()[0].properties;
  EXPECT_TRUE(plan_of(cohort, {row}).updates.empty());
}

TEST(Plan, KeepsTheOrderOfTheSource) {
  const std::vector<std::string> source{"d@x.com", "a@x.com", "c@x.com", "b@x.com"};
  auto cohort = Cohort::of(source);
  const auto plan = plan_of(cohort, {row_of("e@x.com", MemberState::kListed, "1"),
                                     row_of("c@x.com", MemberState::kPending)});
  std::vector<std::string> order;
  for (const auto& add : plan.adds) order.push_back(cohort.read(add.offset).identifier);
  EXPECT_EQ(order, source);
  EXPECT_EQ(plan.removes.size(), 1U);
}

}  // namespace
}  // namespace muster
