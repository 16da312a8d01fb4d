// Stops a run that would remove too much, before its first write (promise 6). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "plan/plan.hpp"

namespace muster {

struct GuardVerdict {
  bool would_stop = false;
  //! Of what is listed, 0 to 1: of those that the verdict is for; where it lets pass, of those that
  //! the destination confirmed, if there are any.
  double removals_share = 0;
  //! What to tell when it stops: the figures, and the flag that lets it pass.
  std::optional<Error> error;
};

//! `max_removals`: the largest share of what is listed that may leave in one run, 0 to 1; nothing
//! when the guard is off. It holds for those that the destination confirmed, and for those that may
//! be in the audience since an add of them may have taken effect, each kind by itself. An audience
//! of fewer than 20 members is not stopped by the share. A cohort without a single usable member
//! always is, also with the guard off: it is the mark of a broken export, and whoever means it says
//! so with --allow-removals.
GuardVerdict judge(const Plan& plan, const CohortIndex& cohort, std::optional<double> max_removals);

//! The same of a repair, which removes nobody who is listed, and adds who is missing of the cohort
//! alone: whoever left it counts as having left.
std::optional<Error> judge_repair(const Plan& plan, const CohortIndex& cohort,
                                  std::optional<double> max_removals);

//! Why the guard stops a run whose source could not be read, `listed` members having been sent from
//! it before: it lost its column, or all that it had (kEmptySource). Nothing for other faults, and
//! first runs.
std::optional<Error> judge_source(const Error& fault, std::uint64_t listed);

//! What an audience held as a mirror's run read it.
struct StrangersSeen {
  std::uint64_t strangers = 0;
  std::uint64_t removed = 0;   //!< members that the run has taken out
  std::uint64_t audience = 0;  //!< records, with those
};

//! The same of the strangers that a mirror removes: what leaves the audience by the run in all.
std::optional<Error> judge_strangers(const StrangersSeen& seen, std::optional<double> max_removals);

//! Changes of a cohort whose whole is not at hand.
struct ChangesSeen {
  std::uint64_t removed_before = 0;  //!< by such changes since the whole was last seen
  std::uint64_t listed = 0;          //!< members, before these changes
  std::uint64_t leaving = 0;         //!< of them
  std::uint64_t entering = 0;
  std::uint64_t possibly_listed = 0;   //!< sent, or missing when the list was read
  std::uint64_t possibly_leaving = 0;  //!< of them
};

//! The same of changes: those since the whole was last seen are judged together, and they must not
//! leave an empty list behind, also with the guard off.
std::optional<Error> judge_changes(const ChangesSeen& changes, std::optional<double> max_removals);

}  // namespace muster
