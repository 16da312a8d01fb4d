// When a dropped member is tried again, by reason, attempts and time.
#include "plan/healing.hpp"

#include <gtest/gtest.h>

#include "plan/support.hpp"

namespace muster {
namespace {

using std::chrono::hours;
using testing::dropped_row;

const Instant kTried{Milliseconds{1'790'000'000'000}};

TEST(Healing, IsPossibleForWhatTheDestinationMayChangeItsMindAbout) {
  for (const auto* reason : {"not_found", "rejected_by_destination", "silently_dropped"}) {
    EXPECT_TRUE(can_heal(reason)) << reason;
  }
  for (const auto* reason : {"invalid_email", "invalid_contact_id", "no_identifier", "drifted"}) {
    EXPECT_FALSE(can_heal(reason)) << reason;
    EXPECT_FALSE(due_again(dropped_row("a@x.com", reason, 1, kTried), {})) << reason;
    EXPECT_EQ(retrial(dropped_row("a@x.com", reason, 1, kTried), kTried + hours(100), {}),
              Retrial::kNotDue);
  }
}

TEST(Healing, WaitsLongerAfterEachAttemptAndThenADay) {
  const struct {
    std::uint32_t attempts;
    hours wait;
  } cases[] = {{0, hours(0)},  {1, hours(0)},  {2, hours(1)},     {3, hours(6)},
               {4, hours(24)}, {5, hours(24)}, {1'000, hours(24)}};
  for (const auto& [attempts, wait] : cases) {
    const auto row = dropped_row("a@x.com", "not_found", attempts, kTried);
    EXPECT_EQ(due_again(row, {}), kTried + wait) << attempts;
    EXPECT_NE(retrial(row, kTried + wait, {}), Retrial::kNotDue) << attempts;
    if (wait > hours(0)) {
      EXPECT_EQ(retrial(row, kTried + wait - Milliseconds{1}, {}), Retrial::kNotDue) << attempts;
    }
  }
}

TEST(Healing, ProbesFirstAndAddsInFullLater) {
  EXPECT_EQ(retrial(dropped_row("a@x.com", "not_found", 1, kTried), kTried, {}), Retrial::kProbe);
  EXPECT_EQ(retrial(dropped_row("a@x.com", "not_found", 2, kTried), kTried + hours(1), {}),
            Retrial::kFull);
}

TEST(Healing, ProbesForARefusedIdentifierAndAddsOtherRefusalsInFull) {
  auto row = dropped_row("a@x.com", "rejected_by_destination", 1, kTried);
  row.detail = "INVALID_EMAIL";
  EXPECT_EQ(retrial(row, kTried, {}), Retrial::kProbe);
  EXPECT_EQ(retrial(row, kTried, {.creates = true}), Retrial::kProbe);
  row.attempts = 2;
  EXPECT_EQ(retrial(row, kTried, {}), Retrial::kNotDue);
  EXPECT_EQ(retrial(row, kTried + hours(1), {}), Retrial::kFull);
  row.attempts = 1;
  for (const auto* detail : {"MISSING_REQUIRED_PROPERTY:firstname", "CONFLICT", ""}) {
    row.detail = detail;
    EXPECT_EQ(retrial(row, kTried, {}), Retrial::kFull) << detail;
  }
}

TEST(Healing, AddsASilentDropInFullAtOnceSinceItIsKnownToExist) {
  EXPECT_EQ(retrial(dropped_row("a@x.com", "silently_dropped", 1, kTried), kTried, {}),
            Retrial::kFull);
}

//! Whatever was tried before: those tries could not succeed.
TEST(Healing, IsDueAtTheNextRunForWhomTheRulesMendBy) {
  const auto unknown = dropped_row("a@x.com", "not_found", 4, kTried);
  EXPECT_EQ(due_again(unknown, {.creates = true}), kTried);
  EXPECT_EQ(retrial(unknown, kTried, {.creates = true}), Retrial::kFull);
  EXPECT_EQ(due_again(unknown, {.repairs_drift = true}), kTried + hours(24));
  const auto drifted = dropped_row("a@x.com", "drifted", 1, kTried);
  EXPECT_EQ(due_again(drifted, {.repairs_drift = true}), kTried);
  EXPECT_FALSE(due_again(drifted, {.creates = true}));
}

TEST(Healing, IsDueAtOnceForWhoWasNeverTried) {
  EXPECT_EQ(due_again(dropped_row("a@x.com", "not_found", 3, std::nullopt), {}), Instant{});
}

}  // namespace
}  // namespace muster
