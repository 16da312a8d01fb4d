// What long work tells where there is no terminal: a line every ten seconds.
#include "cli/progress.hpp"

#include <gmock/gmock.h>

#include "base/clock.hpp"
#include "run/reading_progress.hpp"

namespace muster::cli {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;
using Phase = RunProgress::Phase;

class ProgressTest : public ::testing::Test {
 protected:
  std::string told_by(const RunProgress& progress, Milliseconds after) {
    clock.advance(after);
    CaptureStderr();
    shown.on_progress(progress);
    return GetCapturedStderr();
  }

  VirtualClock clock;
  Progress shown{clock, "users"};
};

TEST_F(ProgressTest, IsALineEveryTenSeconds) {
  EXPECT_EQ(told_by({Phase::kAdding, 0, 1000}, Milliseconds{0}), "");
  EXPECT_EQ(told_by({Phase::kAdding, 500, 1000}, Milliseconds{9'999}), "");
  EXPECT_EQ(told_by({Phase::kAdding, 500, 1000}, Milliseconds{1}),
            "users: adding 500 of 1000, 50/s, 10 s left\n");
  EXPECT_EQ(told_by({Phase::kAdding, 600, 1000}, Milliseconds{9'999}), "");
  EXPECT_EQ(told_by({Phase::kAdding, 800, 1000}, Milliseconds{1}),
            "users: adding 800 of 1000, 40/s, 5 s left\n");
}

TEST_F(ProgressTest, TellsOfEveryPhaseFromItsOwnBeginning) {
  told_by({Phase::kAdding, 1000, 1000}, Milliseconds{60'000});
  told_by({Phase::kReadingBack, 0, 0}, Milliseconds{0});
  EXPECT_EQ(told_by({Phase::kReadingBack, 2'500, 0}, Milliseconds{10'000}),
            "users: reading back 2500, 250/s\n");
}

TEST_F(ProgressTest, OfAReadBackTellsHowMuchThereIsAndTheTimeLeft) {
  told_by({Phase::kReadingBack, 0, 10'000}, Milliseconds{0});
  EXPECT_EQ(told_by({Phase::kReadingBack, 2'500, 10'000}, Milliseconds{10'000}),
            "users: reading back 2500 of about 10000, 250/s, 30 s left\n");
  EXPECT_EQ(told_by({Phase::kReadingBack, 12'500, 10'000}, Milliseconds{10'000}),
            "users: reading back 12500, 625/s\n");
}

TEST_F(ProgressTest, MovesWhileABatchIsInHand) {
  told_by({Phase::kAdding, 0, 10'000}, Milliseconds{0});
  EXPECT_EQ(told_by({Phase::kAdding, 0, 10'000, 2'000}, Milliseconds{10'000}),
            "users: adding about 2000 of 10000, 200/s, 40 s left\n");
}

TEST_F(ProgressTest, OfALongNameIsItsBeginning) {
  Progress of_long_name(clock, std::string(300, 'n'));
  clock.advance(Milliseconds{10'000});
  CaptureStderr();
  of_long_name.on_progress({Phase::kAdding, 0, 1000});
  EXPECT_EQ(GetCapturedStderr(), std::string(39, 'n') + "…: adding 0 of 1000\n");
}

TEST_F(ProgressTest, OfAReadingIsWorkedOutFromTheBytes) {
  told_by({Phase::kReading, 0, 0}, Milliseconds{0});
  const auto progress = reading_progress(1'000, {25'000, 100'000});
  EXPECT_EQ(told_by(progress, Milliseconds{10'000}),
            "users: reading 1000 of about 4000, 100/s, 30 s left\n");
  // A pipe has no length, and a whole file is no estimate.
  EXPECT_EQ(reading_progress(1'000, {25'000, 0}).total, 0U);
  EXPECT_EQ(reading_progress(1'000, {25'000, 25'000}).total, 0U);
  EXPECT_EQ(reading_progress(0, {0, 25'000}).total, 0U);
}

TEST_F(ProgressTest, IsRepeatedWhileNothingIsNew) {
  shown.on_alive();
  told_by({Phase::kAdding, 200, 1000}, Milliseconds{0});
  clock.advance(Milliseconds{10'000});
  CaptureStderr();
  shown.on_alive();
  shown.on_alive();
  EXPECT_EQ(GetCapturedStderr(), "users: adding 200 of 1000\n");
}

TEST_F(ProgressTest, TheRateIsThatOfThePhaseAlone) {
  told_by({Phase::kAdding, 500, 1000}, Milliseconds{0});
  told_by({Phase::kWaiting, 500, 1000}, Milliseconds{60'000});
  told_by({Phase::kAdding, 500, 1000}, Milliseconds{0});
  EXPECT_EQ(told_by({Phase::kAdding, 600, 1000}, Milliseconds{10'000}),
            "users: adding 600 of 1000, 10/s, 40 s left\n");
}

TEST_F(ProgressTest, TheRateIsThatOfTheLastTwentySeconds) {
  told_by({Phase::kAdding, 0, 10'000}, Milliseconds{0});
  told_by({Phase::kAdding, 8'000, 10'000}, Milliseconds{10'000});
  told_by({Phase::kAdding, 8'100, 10'000}, Milliseconds{10'000});
  EXPECT_EQ(told_by({Phase::kAdding, 8'200, 10'000}, Milliseconds{10'000}),
            "users: adding 8200 of 10000, 10/s, 3 min left\n");
}

//! As when it waits for its turn.
TEST_F(ProgressTest, TheTimeLeftIsNotToldOnceItIsOver) {
  told_by({Phase::kAdding, 0, 1000}, Milliseconds{0});
  told_by({Phase::kAdding, 990, 1000}, Milliseconds{2'000});
  EXPECT_EQ(told_by({Phase::kAdding, 990, 1000}, Milliseconds{8'000}),
            "users: adding 990 of 1000, 99/s\n");
  EXPECT_EQ(told_by({Phase::kAdding, 999, 1000}, Milliseconds{10'000}),
            "users: adding 999 of 1000, 50/s, 1 s left\n");
}

TEST_F(ProgressTest, NoticesComeAtOnce) {
  CaptureStderr();
  shown.on_notice("the list was restored");
  EXPECT_EQ(GetCapturedStderr(), "users: the list was restored\n");
}

TEST_F(ProgressTest, NoticesFitTheScreenAndDoNotDriveIt) {
  CaptureStderr();
  shown.on_notice("the list '\x1b[2J" + std::string(60, 'n') +
                  "' was deleted at the destination; " +
                  "it is created again and the whole cohort is sent");
  const auto text = GetCapturedStderr();
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  EXPECT_LT(text.find('\n'), 100U) << text;
  EXPECT_NE(text.find("\n  "), std::string::npos) << text;
}

}  // namespace
}  // namespace muster::cli
