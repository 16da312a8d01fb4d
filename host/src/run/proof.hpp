// The end of a run: the audience is read back, what is missing is sent once more or told, what came
// back is counted again, strangers are counted and, when asked, removed. Part of a run.
#pragma once

#include "run/session.hpp"

namespace muster {

//! Fills the run's `verified`. Throws AudienceGone, and Error for what ends the run.
void prove(Session& session);

//! Removes who left the cohort and whose record was merged into another one, once it is known which
//! members that one stands for now: for a sync without read-back.
void remove_merged_leavers(Session& session);

}  // namespace muster
