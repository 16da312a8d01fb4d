// Promise 6: an empty or truncated source can't empty a list.
#include "plan/guard.hpp"

#include <gtest/gtest.h>

#include "plan/support.hpp"

namespace muster {
namespace {

using testing::Cohort;

Plan plan_with(std::size_t removes, std::uint64_t held_before) {
  Plan plan;
  plan.removes.resize(removes);
  plan.leaving_now = removes;
  plan.held_before = held_before;
  return plan;
}

TEST(Guard, LetsRemovalsUpToTheLimitPass) {
  const auto cohort = Cohort::of({"a@x.com"});
  const auto verdict = judge(plan_with(30, 100), cohort.index(), 0.3);
  EXPECT_FALSE(verdict.would_stop);
  EXPECT_FALSE(verdict.error);
  EXPECT_DOUBLE_EQ(verdict.removals_share, 0.3);
}

TEST(Guard, StopsOneRemovalMoreAndSaysTheFigures) {
  const auto cohort = Cohort::of({"a@x.com"});
  const auto verdict = judge(plan_with(31, 100), cohort.index(), 0.3);
  EXPECT_TRUE(verdict.would_stop);
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->kind(), ErrorKind::kGuard);
  EXPECT_EQ(verdict.error->code(), "guard.removals");
  EXPECT_NE(verdict.error->message().find("31 of 100"), std::string::npos);
  EXPECT_NE(verdict.error->hint().find("--allow-removals"), std::string::npos);
}

TEST(Guard, DoesNotJudgeASmallAudienceByItsShare) {
  const auto cohort = Cohort::of({"a@x.com"});
  EXPECT_FALSE(judge(plan_with(19, 19), cohort.index(), 0.3).would_stop);
  EXPECT_TRUE(judge(plan_with(20, 20), cohort.index(), 0.3).would_stop);
}

TEST(Guard, StopsAnEmptySourceHoweverSmallTheAudience) {
  const auto cohort = Cohort::of({});
  const auto verdict = judge(plan_with(1, 1), cohort.index(), 1.0);
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->code(), "guard.empty_source");
}

TEST(Guard, StopsASourceWithoutAUsableIdentifier) {
  const auto cohort = Cohort::of({"!", " "});
  const auto verdict = judge(plan_with(1, 1), cohort.index(), 1.0);
  ASSERT_TRUE(verdict.error);
  EXPECT_NE(verdict.error->message().find("2 rows"), std::string::npos);
}

TEST(Guard, TurnedOffStopsNoShareAndStillTellsIt) {
  const auto cohort = Cohort::of({"a@x.com"});
  const auto verdict = judge(plan_with(50, 100), cohort.index(), std::nullopt);
  EXPECT_FALSE(verdict.would_stop);
  EXPECT_DOUBLE_EQ(verdict.removals_share, 0.5);
}

TEST(Guard, StopsAnEmptySourceAlsoWhenItIsTurnedOff) {
  const auto cohort = Cohort::of({});
  const auto verdict = judge(plan_with(50, 100), cohort.index(), std::nullopt);
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->code(), "guard.empty_source");
}

TEST(Guard, SaysThatNobodyIsListedWhenAnEmptySourceHasNothingToRemove) {
  const auto cohort = Cohort::of({});
  const auto verdict = judge(plan_with(0, 0), cohort.index(), 0.3);
  ASSERT_TRUE(verdict.error);
  EXPECT_NE(verdict.error->message().find("nobody is listed yet"), std::string::npos);
  EXPECT_DOUBLE_EQ(verdict.removals_share, 0.0);
}

TEST(Guard, JudgesStrangersByTheirShareOfTheAudience) {
  EXPECT_FALSE(judge_strangers(30, 100, 0.3));
  const auto stopped = judge_strangers(31, 100, 0.3);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->code(), "guard.strangers");
  EXPECT_NE(stopped->message().find("31 of the 100"), std::string::npos);
  EXPECT_FALSE(judge_strangers(19, 19, 0.3));
  EXPECT_FALSE(judge_strangers(100, 100, std::nullopt));
  EXPECT_FALSE(judge_strangers(0, 0, 0.3));
}

}  // namespace
}  // namespace muster
