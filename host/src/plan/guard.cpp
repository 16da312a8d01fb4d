#include "plan/guard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::uint64_t kSmallAudience = 20;

Error stopped(std::string code, std::string message,
              const char* look_at = "the source and at `muster plan`") {
  return Error(ErrorKind::kGuard, std::move(code), std::move(message))
      .with_hint(
          fmt::format("look at {}; when it is right, run again with --allow-removals", look_at));
}

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

//! Of a hint that goes on.
std::string beginning_with(const std::string& hint) {
  if (hint.empty()) return {};
  return hint + (hint.back() == '?' ? " " : "; ");
}

//! Members who leave, of those of their kind.
struct Group {
  std::uint64_t leaving = 0;
  std::uint64_t whole = 0;
  double share() const { return share_of(leaving, whole); }
};

Group known_of(const Plan& plan) {
  return {plan.leaving_now + plan.missed_leaving, plan.listed_before + plan.missed_before};
}

//! More leave than may; in words, with the figures.
struct Excess {
  double share = 0;
  std::string who;
};

//! Those that the destination confirmed, and those that may be in the list, are judged apart: the
//! ones must not hide how many of the others leave. Both together where one kind is too small. Whom
//! a reading lacked counts beside the listed: it may have been wrong, or they are in it again.
std::optional<Excess> excess_of(const Plan& plan, std::optional<double> max_removals) {
  const Group listed{plan.leaving_now, plan.listed_before};
  const Group unsure{plan.unsure_leaving, plan.unsure_before};
  const auto known = known_of(plan);
  const Group both{listed.leaving + unsure.leaving, listed.whole + unsure.whole};
  const auto is_too_much = [&](const Group& group) {
    return max_removals && group.whole >= kSmallAudience && group.share() > *max_removals;
  };
  if (is_too_much(listed)) {
    return Excess{listed.share(), fmt::format("{} of {} listed members ({:.1f}%)", listed.leaving,
                                              listed.whole, listed.share() * 100)};
  }
  if (is_too_much(known)) {
    return Excess{known.share(),
                  fmt::format("{} of {} members that are listed, or were missing when the list was "
                              "read ({:.1f}%)",
                              known.leaving, known.whole, known.share() * 100)};
  }
  if (is_too_much(unsure)) {
    return Excess{unsure.share(),
                  fmt::format("{} of {} members that were sent and may be in the list ({:.1f}%)",
                              unsure.leaving, unsure.whole, unsure.share() * 100)};
  }
  if (is_too_much(both)) {
    return Excess{both.share(),
                  fmt::format("{} of {} listed members and {} of {} that may be in the list "
                              "({:.1f}% of both)",
                              listed.leaving, listed.whole, unsure.leaving, unsure.whole,
                              both.share() * 100)};
  }
  return std::nullopt;
}

std::string held_text(const Plan& plan) {
  if (plan.missed_before > 0) {
    return fmt::format("{} members that are listed, or may be in the list",
                       plan.listed_before + plan.unsure_before + plan.missed_before);
  }
  if (plan.unsure_before == 0) return fmt::format("{} listed members", plan.listed_before);
  if (plan.listed_before == 0) {
    return fmt::format("{} members that may be in the list", plan.unsure_before);
  }
  return fmt::format("{} listed members and {} that may be in the list", plan.listed_before,
                     plan.unsure_before);
}

//! `then`: what becomes of the members, with a place for who they are.
Error empty_source(const Plan& plan, const CohortIndex& cohort, std::string_view then) {
  auto what =
      cohort.rows() == 0
          ? std::string("the source is empty")
          : fmt::format("none of the source's {} rows has a usable identifier", cohort.rows());
  what += plan.listed_before + plan.unsure_before + plan.missed_before == 0
              ? "; nobody is listed yet, and nothing was sent"
              : "; " + fmt::format(fmt::runtime(then), held_text(plan));
  return stopped("guard.empty_source", std::move(what));
}

}  // namespace

GuardVerdict judge(const Plan& plan, const CohortIndex& cohort,
                   std::optional<double> max_removals) {
  GuardVerdict verdict;
  const auto excess = excess_of(plan, max_removals);
  const auto known = known_of(plan);
  verdict.removals_share =
      excess            ? excess->share
      : known.whole > 0 ? std::max(known.share(), share_of(plan.leaving_now, plan.listed_before))
                        : share_of(plan.unsure_leaving, plan.unsure_before);
  if (cohort.members().empty()) {
    verdict.error = empty_source(plan, cohort, "all {} would be removed");
  } else if (excess) {
    verdict.error =
        stopped("guard.removals", fmt::format("{} would be removed; the guard allows {:.1f}%",
                                              excess->who, *max_removals * 100));
  }
  verdict.would_stop = verdict.error.has_value();
  return verdict;
}

std::optional<Error> judge_repair(const Plan& plan, const CohortIndex& cohort,
                                  std::optional<double> max_removals) {
  constexpr const char* kThen =
      "missing from the list would count as having left, and not be added again";
  if (cohort.members().empty()) {
    return empty_source(plan, cohort, fmt::format("whoever of the {{}} is {}", kThen));
  }
  const auto excess = excess_of(plan, max_removals);
  if (!excess) return std::nullopt;
  return stopped("guard.removals",
                 fmt::format("{} are no longer in the cohort, and whoever of them is {}; the guard "
                             "allows {:.1f}%",
                             excess->who, kThen, *max_removals * 100));
}

std::optional<Error> judge_source(const Error& fault, std::uint64_t listed) {
  if (listed > 0 && fault.code() == "source.missing_column") {
    // It had the column when it was sent last: not a mistake in muster.yaml.
    return Error(ErrorKind::kGuard, "guard.lost_column",
                 fmt::format("{}; nothing was sent, and all {} listed members stay",
                             fault.message(), listed))
        .at(fault.where())
        .with_hint(beginning_with(fault.hint()) +
                   "name the column in muster.yaml; --allow-removals does not pass this: to empty "
                   "the list, give a file with the column and no rows");
  }
  if (fault.code() == kEmptySource) {
    return Error(
               ErrorKind::kGuard, "guard.empty_source",
               listed == 0
                   ? std::string("the source is empty; nobody is listed yet, and nothing was sent")
                   : fmt::format("the source is empty; the {} members that are listed stay so",
                                 listed))
        .at(fault.where())
        .with_hint(
            "look at what writes the file: an empty cohort has a header; when it is right, run "
            "again "
            "with --allow-removals");
  }
  return std::nullopt;
}

std::optional<Error> judge_strangers(const StrangersSeen& seen,
                                     std::optional<double> max_removals) {
  const auto share = share_of(seen.strangers + seen.removed, seen.audience);
  const bool passes = seen.strangers == 0 || !max_removals || seen.audience < kSmallAudience ||
                      share <= *max_removals;
  if (passes) return std::nullopt;
  const auto beside = seen.removed == 0
                          ? std::string()
                          : fmt::format(", beside the {} members that left", seen.removed);
  return stopped(
      "guard.strangers",
      fmt::format("{} of the {} records in the list are nobody of this sync and would "
                  "be removed{} ({:.1f}% in all); the guard allows {:.1f}%",
                  seen.strangers, seen.audience, beside, share * 100, *max_removals * 100),
      "the list, and at who else adds to it");
}

std::optional<Error> judge_changes(const ChangesSeen& changes, std::optional<double> max_removals) {
  constexpr const char* kHint =
      "look at the cohort and at `muster plan`; when it is right, run the whole cohort with "
      "`muster "
      "sync --allow-removals`, which takes the pushed changes in";
  const Group listed{changes.leaving, changes.listed};
  const Group all{changes.leaving + changes.possibly_leaving,
                  changes.listed + changes.possibly_listed};
  // Of a few that may be in the list, nothing depends on one.
  const bool judges_all = changes.possibly_leaving > 0 && all.whole >= kSmallAudience;
  const auto empties = [&](const Group& group) {
    return group.leaving > 0 && group.leaving >= group.whole + changes.entering;
  };
  if (empties(listed)) {
    return Error(ErrorKind::kGuard, "guard.pushed_empties",
                 fmt::format("pushed changes would remove all {} listed members", changes.listed))
        .with_hint(kHint);
  }
  if (judges_all && empties(all)) {
    return Error(ErrorKind::kGuard, "guard.pushed_empties",
                 fmt::format("pushed changes would remove all {} members that are, or may be, in "
                             "the list",
                             all.whole))
        .with_hint(kHint);
  }
  const auto judged = [&](const Group& group, const char* who) -> std::optional<Error> {
    const Group summed{changes.removed_before + group.leaving,
                       changes.removed_before + group.whole};
    const bool passes = group.leaving == 0 || !max_removals || summed.whole < kSmallAudience ||
                        summed.share() <= *max_removals;
    if (passes) return std::nullopt;
    return Error(ErrorKind::kGuard, "guard.pushed_removals",
                 fmt::format("pushed changes since the last run over the whole cohort would remove "
                             "{} of {} {} ({:.1f}%); the guard allows {:.1f}%",
                             summed.leaving, summed.whole, who, summed.share() * 100,
                             *max_removals * 100))
        .with_hint(kHint);
  };
  if (auto stopped = judged(listed, "listed members")) return stopped;
  if (!judges_all) return std::nullopt;
  return judged(all, "members that are, or may be, in the list");
}

}  // namespace muster
