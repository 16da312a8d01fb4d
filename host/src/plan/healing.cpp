#include "plan/healing.hpp"

#include <algorithm>
#include <array>

namespace muster {
namespace {

using std::chrono::hours;

// By attempts made so far: after the first, the next run; from the fifth on, daily.
constexpr std::array<Milliseconds, 4> kWaits{Milliseconds{0}, hours{1}, hours{6}, hours{24}};

//! The destination refuses the identifier itself, by its code (destination.h, muster_outcome).
bool is_refused_for_its_value(const MemberRow& row) {
  return row.reason == "rejected_by_destination" && row.detail.starts_with("INVALID_");
}

bool is_mended_by_any_run(const MemberRow& row, const HealingRules& rules) {
  return (rules.creates && row.reason == "not_found") ||
         (rules.repairs_drift && row.reason == "drifted");
}

}  // namespace

bool can_heal(std::string_view reason) noexcept {
  return reason == "not_found" || reason == "rejected_by_destination" ||
         reason == "silently_dropped";
}

std::optional<Instant> due_again(const MemberRow& row, const HealingRules& rules) noexcept {
  if (is_mended_by_any_run(row, rules)) return row.last_try.value_or(Instant{});
  if (!can_heal(row.reason)) return std::nullopt;
  if (!row.last_try) return Instant{};
  const auto attempt = std::clamp<std::size_t>(row.attempts, 1, kWaits.size());
  return *row.last_try + kWaits[attempt - 1];
}

Retrial retrial(const MemberRow& row, Instant now, const HealingRules& rules) noexcept {
  if (is_mended_by_any_run(row, rules)) return Retrial::kFull;
  const auto due = due_again(row, rules);
  if (!due || *due > now) return Retrial::kNotDue;
  const bool may_appear = row.reason == "not_found" || is_refused_for_its_value(row);
  return may_appear && row.attempts <= 1 ? Retrial::kProbe : Retrial::kFull;
}

}  // namespace muster
