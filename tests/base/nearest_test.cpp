// "Did you mean": near enough to be meant, or not at all.
#include "base/nearest.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

const std::vector<std::string> kNames{"connection", "cohort", "cadence"};

TEST(Nearest, IsTheNameWithTheFewestEdits) {
  EXPECT_EQ(nearest("conection", kNames), "connection");
  EXPECT_EQ(nearest("cohrot", kNames), "cohort");
  EXPECT_EQ(nearest("cadence", kNames), "cadence");
}

TEST(Nearest, IsNothingWhenNoneIsNear) {
  EXPECT_EQ(nearest("zzzzzz", kNames), "");
  EXPECT_EQ(nearest("", {"id"}), "id");
  EXPECT_EQ(nearest("cohort", {}), "");
}

TEST(Nearest, IsNotLookedForInALongText) {
  EXPECT_EQ(nearest(std::string(101, 'c'), {std::string(101, 'c')}), "");
}

TEST(DidYouMean, NamesTheNearestElseAllElseNothing) {
  EXPECT_EQ(did_you_mean("cohrot", kNames), "did you mean 'cohort'?");
  EXPECT_EQ(did_you_mean("zzzzzz", kNames), "known: connection, cohort, cadence");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace muster
