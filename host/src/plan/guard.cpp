#include "plan/guard.hpp"

#include <fmt/format.h>

namespace muster {
namespace {

constexpr std::uint64_t kSmallAudience = 20;

Error stopped(std::string code, std::string message) {
  return Error(ErrorKind::kGuard, std::move(code), std::move(message))
      .with_hint(
          "look at the source and at `muster plan`; when it is right, run again with "
          "--allow-removals");
}

}  // namespace

GuardVerdict judge(const Plan& plan, const CohortIndex& cohort,
                   std::optional<double> max_removals) {
  GuardVerdict verdict;
  const auto removals = plan.removes.size();
  if (plan.listed_before > 0) {
    verdict.removals_share =
        std::min(1.0, static_cast<double>(removals) / static_cast<double>(plan.listed_before));
  }
  if (!max_removals) return verdict;
  if (cohort.members().empty()) {
    verdict.error = stopped(
        "guard.empty_source",
        cohort.rows() == 0
            ? fmt::format("the source is empty; {} listed members would be removed", removals)
            : fmt::format("none of the source's {} rows has a usable identifier; {} listed members "
                          "would be removed",
                          cohort.rows(), removals));
  } else if (plan.listed_before >= kSmallAudience && verdict.removals_share > *max_removals) {
    verdict.error = stopped(
        "guard.removals",
        fmt::format("{} of {} listed members ({:.1f}%) would be removed; the guard allows {:.1f}%",
                    removals, plan.listed_before, verdict.removals_share * 100,
                    *max_removals * 100));
  }
  verdict.would_stop = verdict.error.has_value();
  return verdict;
}

}  // namespace muster
