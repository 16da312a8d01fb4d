#include "schedule/turn.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Instant kNow{Milliseconds{1'790'000'000'000}};
const Cadence kHourly = Cadence::parse("hourly");
const Cadence kManual = Cadence::parse("manual");

Turn turn(Ending ending, Instant slot, std::uint32_t failures = 0) {
  Turn made;
  made.ending = ending;
  made.slot = slot;
  made.ended = slot;
  made.failures = failures;
  return made;
}

TEST(Turn, SyncThatNeverRanRunsAtOnce) {
  EXPECT_EQ(next_turn(kHourly, {}, kNow), kNow);
  EXPECT_EQ(next_turn(Cadence::parse("daily at 06:30"), {}, kNow), kNow);
}

TEST(Turn, ManualSyncNeverRunsByItself) {
  EXPECT_EQ(next_turn(kManual, {}, kNow), std::nullopt);
  EXPECT_EQ(next_turn(kManual, turn(Ending::kFailed, kNow - hours(1), 1), kNow), std::nullopt);
  EXPECT_EQ(next_turn(kManual, turn(Ending::kUnfinished, kNow - hours(1)), kNow), std::nullopt);
}

TEST(Turn, DoneSyncRunsAnIntervalAfterTheLastOne) {
  EXPECT_EQ(next_turn(kHourly, turn(Ending::kDone, kNow - minutes(20)), kNow), kNow + minutes(40));
}

TEST(Turn, ManyMissedInstantsAreOneRun) {
  const auto missed = next_turn(kHourly, turn(Ending::kDone, kNow - hours(50)), kNow);
  ASSERT_TRUE(missed);
  EXPECT_LE(*missed, kNow);
  const auto slot = slot_of(kHourly, *missed, kNow);
  EXPECT_EQ(slot, kNow);
  EXPECT_EQ(next_turn(kHourly, turn(Ending::kDone, slot), kNow), kNow + hours(1));
}

TEST(Turn, RunThatBeginsLateKeepsItsPlaceInTime) {
  EXPECT_EQ(slot_of(kHourly, kNow - minutes(10), kNow), kNow - minutes(10));
}

TEST(Turn, InterruptedRunGoesOnAtOnce) {
  EXPECT_EQ(next_turn(kHourly, turn(Ending::kUnfinished, kNow - minutes(1)), kNow), kNow);
}

TEST(Turn, FailedRunIsTriedAgainWithGrowingPauses) {
  const auto daily = Cadence::parse("daily");
  const struct {
    std::uint32_t failures;
    minutes pause;
  } cases[] = {{1, minutes(1)},  {2, minutes(2)},  {3, minutes(4)},    {6, minutes(32)},
               {7, minutes(60)}, {8, minutes(60)}, {1000, minutes(60)}};
  for (const auto& c : cases) {
    EXPECT_EQ(next_turn(daily, turn(Ending::kFailed, kNow, c.failures), kNow), kNow + c.pause)
        << c.failures;
  }
}

TEST(Turn, FailedRunIsTriedAtItsCadenceAtTheLatest) {
  auto failed = turn(Ending::kFailed, kNow - minutes(50), 9);
  failed.ended = kNow;
  EXPECT_EQ(next_turn(kHourly, failed, kNow), kNow + minutes(10));
}

TEST(Turn, FailedRunWhoseNextTryWouldCostAgainWaitsForItsCadence) {
  EXPECT_EQ(next_turn(kHourly, turn(Ending::kSpent, kNow - minutes(20), 1), kNow),
            kNow + minutes(40));
  EXPECT_EQ(next_turn(kManual, turn(Ending::kSpent, kNow - minutes(20), 1), kNow), std::nullopt);
  auto asked = turn(Ending::kSpent, kNow, 3);
  for (const auto wait : {minutes(1), minutes(90)}) {
    asked.not_before = kNow + wait;
    EXPECT_EQ(next_turn(kHourly, asked, kNow), kNow + std::max(wait, minutes(60)));
  }
}

TEST(Turn, WaitingRunResumesWhenTheDestinationSaid) {
  auto waiting = turn(Ending::kWaiting, kNow, 1);
  waiting.not_before = kNow + hours(9);
  EXPECT_EQ(next_turn(kHourly, waiting, kNow), kNow + hours(9));
  waiting.not_before.reset();
  EXPECT_EQ(next_turn(kHourly, waiting, kNow), kNow + minutes(1));
}

TEST(Turn, ClockThatWasSetBackDelaysNobody) {
  const auto next = next_turn(kHourly, turn(Ending::kDone, kNow + hours(10'000)), kNow);
  EXPECT_EQ(next, kNow + hours(1));
}

RunRow run(RunStatus status, Instant started, const std::string& error = {}) {
  RunRow row;
  row.status = status;
  row.started = started;
  row.finished = started + minutes(1);
  row.error_code = error;
  return row;
}

TEST(TurnOfHistory, EmptyIsNever) { EXPECT_EQ(turn_of({}).ending, Ending::kNever); }

TEST(TurnOfHistory, TellsHowTheLastRunEnded) {
  const struct {
    RunRow run;
    Ending ending;
  } cases[] = {
      {run(RunStatus::kSucceeded, kNow), Ending::kDone},
      {run(RunStatus::kCompletedWithDrops, kNow), Ending::kDone},
      {run(RunStatus::kStopped, kNow, "guard.removals"), Ending::kDone},
      {run(RunStatus::kStopped, kNow, "run.interrupted"), Ending::kUnfinished},
      {run(RunStatus::kInterrupted, kNow, "run.interrupted"), Ending::kUnfinished},
      {run(RunStatus::kRunning, kNow), Ending::kUnfinished},
      {run(RunStatus::kWaiting, kNow), Ending::kWaiting},
      {run(RunStatus::kFailed, kNow), Ending::kFailed},
  };
  for (const auto& c : cases) {
    const auto found = turn_of({c.run, run(RunStatus::kSucceeded, kNow - hours(1))});
    EXPECT_EQ(found.ending, c.ending) << static_cast<int>(c.run.status) << c.run.error_code;
    EXPECT_EQ(found.slot, kNow);
    EXPECT_EQ(found.ended, kNow + minutes(1));
  }
}

TEST(TurnOfHistory, CountsFailuresInARow) {
  const auto found = turn_of(
      {run(RunStatus::kFailed, kNow), run(RunStatus::kWaiting, kNow - hours(1)),
       run(RunStatus::kSucceeded, kNow - hours(2)), run(RunStatus::kFailed, kNow - hours(3))});
  EXPECT_EQ(found.failures, 2U);
}

}  // namespace
}  // namespace muster
