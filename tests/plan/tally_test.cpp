// Promise 2: whatever becomes of a member, the sums of the run stay true.
#include "run/tally.hpp"

#include <gtest/gtest.h>

#include "plan/support.hpp"

namespace muster {
namespace {

using testing::Cohort;
using testing::dropped_row;
using testing::ListedRows;
using testing::row_of;

//! Rows: two to add, one listed, one still dropped, one rejected, one duplicate.
class TallyTest : public ::testing::Test {
 protected:
  TallyTest() {
    const Instant now{Milliseconds{1'790'000'000'000}};
    ListedRows rows({row_of("listed@x.com", MemberState::kListed, "101"),
                     dropped_row("dropped@x.com", "not_found", 2, now)});
    PlanOptions options;
    options.now = now;
    tally_.start(cohort_.index(), make_plan(cohort_.index(), rows, options));
  }
  const RunFigures& figures() const { return tally_.figures(); }
  std::uint64_t dropped(const std::string& reason) const {
    const auto found = figures().dropped.find(reason);
    return found == figures().dropped.end() ? 0 : found->second;
  }
  void expect_true_sums() const {
    std::uint64_t drops = 0;
    for (const auto& [reason, count] : figures().dropped) drops += count;
    EXPECT_EQ(figures().rows, figures().members + figures().duplicates);
    EXPECT_EQ(figures().members, figures().listed + drops + figures().to_retry);
  }

  Cohort cohort_ =
      Cohort::of({"a@x.com", "b@x.com", "listed@x.com", "dropped@x.com", "!", "A@x.com"});
  Tally tally_;
};

TEST_F(TallyTest, StartsWithEveryPlannedAddToBeRetried) {
  EXPECT_EQ(figures().rows, 6U);
  EXPECT_EQ(figures().members, 5U);
  EXPECT_EQ(figures().duplicates, 1U);
  EXPECT_EQ(figures().listed, 1U);
  EXPECT_EQ(figures().unchanged, 1U);
  EXPECT_EQ(figures().to_retry, 2U);
  EXPECT_EQ(dropped("not_found"), 1U);
  EXPECT_EQ(dropped("invalid_email"), 1U);
  expect_true_sums();
  EXPECT_FALSE(tally_.complete());
}

TEST_F(TallyTest, MovesASettledAddToItsOutcome) {
  tally_.listed(Tally::Newly::kListed);
  tally_.dropped("rejected_by_destination");
  EXPECT_EQ(figures().added, 1U);
  EXPECT_EQ(figures().listed, 2U);
  EXPECT_EQ(dropped("rejected_by_destination"), 1U);
  EXPECT_EQ(figures().to_retry, 0U);
  expect_true_sums();
}

TEST_F(TallyTest, CountsAMemberSentAgainOnce) {
  tally_.listed(Tally::Newly::kListed);
  tally_.reopen(Tally::Newly::kListed);
  EXPECT_EQ(figures().added, 0U);
  EXPECT_EQ(figures().to_retry, 2U);
  tally_.listed(Tally::Newly::kListed);
  EXPECT_EQ(figures().added, 1U);
  expect_true_sums();
}

TEST_F(TallyTest, TakesALostMemberOutOfTheListedOnes) {
  tally_.listed(Tally::Newly::kListed);
  tally_.lost(Tally::Newly::kListed, "silently_dropped");
  tally_.lost(Tally::Newly::kStillListed, "drifted");
  EXPECT_EQ(figures().listed, 0U);
  EXPECT_EQ(figures().added, 0U);
  EXPECT_EQ(figures().unchanged, 0U);
  EXPECT_EQ(dropped("silently_dropped"), 1U);
  EXPECT_EQ(dropped("drifted"), 1U);
  expect_true_sums();
}

TEST_F(TallyTest, ListsAFoundMemberAndKeepsNoReasonOfNobody) {
  tally_.found("not_found");
  EXPECT_EQ(figures().listed, 2U);
  EXPECT_EQ(figures().unchanged, 2U);
  EXPECT_FALSE(figures().dropped.contains("not_found"));
  expect_true_sums();
}

TEST_F(TallyTest, IsCompleteOnlyWhenEveryoneIsListed) {
  Tally tally;
  const auto cohort = Cohort::of({"a@x.com", "A@x.com"});
  ListedRows rows({});
  tally.start(cohort.index(), make_plan(cohort.index(), rows, {}));
  EXPECT_FALSE(tally.complete());
  tally.listed(Tally::Newly::kListed);
  EXPECT_TRUE(tally.complete());
}

}  // namespace
}  // namespace muster
