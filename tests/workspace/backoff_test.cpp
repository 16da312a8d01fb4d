// How long a run waits between passes, and when it gives up.
#include "run/backoff.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

using namespace std::chrono_literals;
using Wait = std::optional<Milliseconds>;

TEST(Backoff, DoublesUpToHalfAMinute) {
  Backoff backoff(1h, 0ms);
  for (const Milliseconds wait : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 16'000ms}) {
    EXPECT_EQ(backoff.next(0ms, std::nullopt), Wait(wait));
  }
  EXPECT_EQ(backoff.next(0ms, std::nullopt), Wait(30s));
  EXPECT_EQ(backoff.next(0ms, std::nullopt), Wait(30s));
}

TEST(Backoff, HonoursTheDestinationsOwnWaitAlsoWhereItIsShorter) {
  Backoff backoff(1h, 0ms);
  EXPECT_EQ(backoff.next(0ms, 10s), Wait(10s));
  EXPECT_EQ(backoff.next(0ms, 100ms), Wait(100ms));
}

TEST(Backoff, GivesUpWhenTheWaitWouldOutlastTheTimeWithoutProgress) {
  Backoff backoff(2min, 0ms);
  EXPECT_EQ(backoff.next(110s, 10s), Wait(10s));
  EXPECT_EQ(backoff.next(110s, 10'001ms), Wait());
  EXPECT_EQ(backoff.next(0ms, 24h), Wait());
}

TEST(Backoff, BeginsAnewWithEveryProgress) {
  Backoff backoff(2min, 0ms);
  backoff.next(0ms, std::nullopt);
  backoff.next(0ms, std::nullopt);
  backoff.progress(119s);
  EXPECT_EQ(backoff.next(119s, std::nullopt), Wait(500ms));
  EXPECT_EQ(backoff.next(230s, 9s), Wait(9s));
}

TEST(Backoff, WithoutPatienceGivesUpAtOnce) {
  Backoff backoff(0ms, 0ms);
  EXPECT_EQ(backoff.next(0ms, std::nullopt), Wait());
}

}  // namespace
}  // namespace muster
