#include "plan/healing.hpp"

#include <algorithm>
#include <array>

namespace muster {
namespace {

using std::chrono::hours;

// By attempts made so far: after the first, the next run; from the fifth on, daily.
constexpr std::array<Milliseconds, 4> kWaits{Milliseconds{0}, hours{1}, hours{6}, hours{24}};

}  // namespace

bool can_heal(std::string_view reason) noexcept {
  return reason == "not_found" || reason == "rejected_by_destination" ||
         reason == "silently_dropped";
}

std::optional<Instant> due_again(const MemberRow& row) noexcept {
  if (!can_heal(row.reason)) return std::nullopt;
  if (!row.last_try) return Instant{};
  const auto attempt = std::clamp<std::size_t>(row.attempts, 1, kWaits.size());
  return *row.last_try + kWaits[attempt - 1];
}

Retrial retrial(const MemberRow& row, Instant now) noexcept {
  const auto due = due_again(row);
  if (!due || *due > now) return Retrial::kNotDue;
  if (row.reason == "silently_dropped") return Retrial::kFull;
  return row.attempts <= 1 ? Retrial::kProbe : Retrial::kFull;
}

}  // namespace muster
