// Items that a destination's answers do not mention: tried again a few times, and then believed to
// be dropped in silence.
#pragma once

#include "destination/destination.hpp"

namespace muster {

//! So many answers in one run without a word of an item, and it counts as silently dropped.
constexpr int kUnaccountedTries = 3;

inline bool is_unaccounted(const Outcome& outcome) {
  return outcome.kind == OutcomeKind::kInDoubt && outcome.detail == MUSTER_DETAIL_UNACCOUNTED;
}

}  // namespace muster
