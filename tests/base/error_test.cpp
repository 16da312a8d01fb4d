#include "base/error.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(Error, SaysWhereWhatAndWhatToDo) {
  const auto error = Error(ErrorKind::kUsage, "config.unknown_key", "unknown key 'sorce'")
                         .with_hint("did you mean 'source'?")
                         .at("muster.yaml:3:5");
  EXPECT_STREQ(error.what(), "muster.yaml:3:5: unknown key 'sorce' (did you mean 'source'?)");
}

TEST(Error, WithoutHintOrPlaceSaysWhatHappenedOnly) {
  EXPECT_STREQ(Error(ErrorKind::kFailed, "x.y", "it broke").what(), "it broke");
}

TEST(ExitCode, FollowsTheContract) {
  EXPECT_EQ(exit_code(ErrorKind::kFailed), 1);
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kGuard), 4);
  EXPECT_EQ(exit_code(ErrorKind::kReconnect), 5);
  EXPECT_EQ(exit_code(ErrorKind::kBusy), 6);
  EXPECT_EQ(exit_code(ErrorKind::kLater), 75);
  EXPECT_EQ(exit_code(ErrorKind::kInterrupted), 130);
}

}  // namespace
}  // namespace muster
