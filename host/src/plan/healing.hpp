// When a member that was dropped is tried again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "state/rows.hpp"

namespace muster {

//! How a dropped member is tried again.
enum class Retrial {
  kNotDue,  //!< not now; it stays dropped
  kProbe,   //!< looked for again, nothing created or written unless it is there now
  kFull,    //!< added as if for the first time
};

//! What of a sync's rules tries dropped members again at every run.
struct HealingRules {
  bool creates = false;        //!< records are made for members that have none
  bool repairs_drift = false;  //!< who drifted out of the audience is added again
};

//! Whether a reason can go away without a change in the cohort.
bool can_heal(std::string_view reason) noexcept;

//! The instant from which `row` (dropped) is due again: after the first failure at the next run,
//! then 1 h, 6 h, 24 h after the last try, then daily. The last try itself where the rules have the
//! next run try again. Nothing for reasons that can't heal.
std::optional<Instant> due_again(const MemberRow& row, const HealingRules& rules) noexcept;

//! What is due for `row` (dropped) at `now`. For who was not found, and for an identifier that is
//! itself refused, the retry at the next run is a probe, so that a run that follows at once writes
//! nothing: they would have to appear at the destination. Other refusals are the account's (a
//! property that it requires), and may have been lifted; a member that was dropped in silence is
//! known to exist; and who was not found while no records were made can be added now.
Retrial retrial(const MemberRow& row, Instant now, const HealingRules& rules) noexcept;

}  // namespace muster
