// Promise 6: an empty or truncated source can't empty a list.
#include "plan/guard.hpp"

#include <gmock/gmock.h>

#include "plan/support.hpp"

namespace muster {
namespace {

using testing::Cohort;
using ::testing::HasSubstr;

Plan plan_with(std::size_t removes, std::uint64_t listed_before) {
  Plan plan;
  plan.removes.resize(removes);
  plan.leaving_now = removes;
  plan.listed_before = listed_before;
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

Plan plan_with_unsure(std::size_t removes, std::uint64_t listed, std::size_t unsure_removes,
                      std::uint64_t unsure) {
  auto plan = plan_with(removes, listed);
  plan.unsure_leaving = unsure_removes;
  plan.unsure_before = unsure;
  return plan;
}

TEST(Guard, JudgesThoseThatMayBeListedApart) {
  const auto cohort = Cohort::of({"a@x.com"});
  const auto listed = judge(plan_with_unsure(100, 100, 0, 1'000), cohort.index(), 0.3);
  ASSERT_TRUE(listed.error);
  EXPECT_THAT(listed.error->message(), HasSubstr("100 of 100 listed members (100.0%) would"));
  EXPECT_DOUBLE_EQ(listed.removals_share, 1.0);
  const auto unsure = judge(plan_with_unsure(0, 100, 20, 50), cohort.index(), 0.3);
  ASSERT_TRUE(unsure.error);
  EXPECT_EQ(unsure.error->code(), "guard.removals");
  EXPECT_THAT(unsure.error->message(),
              HasSubstr("20 of 50 members that were sent and may be in the list (40.0%) would"));
  EXPECT_FALSE(judge(plan_with_unsure(30, 100, 15, 50), cohort.index(), 0.3).would_stop);
}

//! Neither is judged alone: a list must not slip through in two halves.
TEST(Guard, JudgesBothKindsTogetherWhereOneIsSmall) {
  const auto cohort = Cohort::of({"a@x.com"});
  const auto verdict = judge(plan_with_unsure(15, 15, 10, 15), cohort.index(), 0.3);
  ASSERT_TRUE(verdict.error);
  EXPECT_THAT(verdict.error->message(),
              HasSubstr("15 of 15 listed members and 10 of 15 that may be in the list (83.3%"));
  EXPECT_FALSE(judge(plan_with_unsure(9, 9, 10, 10), cohort.index(), 0.3).would_stop);
}

TEST(Guard, SaysOfAnEmptySourceWhomItWouldRemove) {
  const auto cohort = Cohort::of({});
  const auto verdict = judge(plan_with_unsure(3, 3, 4, 4), cohort.index(), 0.3);
  ASSERT_TRUE(verdict.error);
  EXPECT_THAT(verdict.error->message(),
              HasSubstr("all 3 listed members and 4 that may be in the list would be removed"));
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
  EXPECT_FALSE(judge_strangers({30, 0, 100}, 0.3));
  const auto stopped = judge_strangers({31, 0, 100}, 0.3);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->code(), "guard.strangers");
  EXPECT_NE(stopped->message().find("31 of the 100"), std::string::npos);
  EXPECT_FALSE(judge_strangers({19, 0, 19}, 0.3));
  EXPECT_FALSE(judge_strangers({100, 0, 100}, std::nullopt));
  EXPECT_FALSE(judge_strangers({0, 0, 0}, 0.3));
}

TEST(Guard, SumsStrangersAndTheMembersThatLeft) {
  EXPECT_FALSE(judge_strangers({1, 29, 100}, 0.3));
  EXPECT_FALSE(judge_strangers({0, 90, 100}, 0.3));  // judged before they were taken out
  const auto stopped = judge_strangers({2, 29, 100}, 0.3);
  ASSERT_TRUE(stopped);
  EXPECT_NE(stopped->message().find("beside the 29 members that left (31.0% in all)"),
            std::string::npos)
      << stopped->message();
}

TEST(GuardOfChanges, SumsRemovalsSinceTheWholeWasSeen) {
  ChangesSeen changes{10, 90, 20, 0};
  EXPECT_FALSE(judge_changes(changes, 0.3));
  changes.leaving = 21;
  const auto error = judge_changes(changes, 0.3);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), "guard.pushed_removals");
  EXPECT_EQ(error->kind(), ErrorKind::kGuard);
  EXPECT_THAT(error->message(), HasSubstr("31 of 100 listed members (31.0%)"));
  EXPECT_FALSE(error->hint().empty());
}

TEST(GuardOfChanges, LeavesSmallAudiencesThoseWithoutAGuardAndNewcomersAlone) {
  EXPECT_FALSE(judge_changes({0, 19, 18, 0}, 0.3));
  EXPECT_FALSE(judge_changes({0, 100, 99, 0}, std::nullopt));
  EXPECT_FALSE(judge_changes({0, 0, 0, 0}, 0.3));
  EXPECT_FALSE(judge_changes({60, 40, 0, 5}, 0.3)) << "nobody leaves now";
}

TEST(GuardOfChanges, NeverLetsThemEmptyAList) {
  for (const auto& max : {std::optional<double>(), std::optional(1.0)}) {
    const auto error = judge_changes({0, 3, 3, 0}, max);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "guard.pushed_empties");
  }
  EXPECT_FALSE(judge_changes({0, 3, 3, 1}, std::nullopt)) << "somebody comes";
}

}  // namespace
}  // namespace muster
