// Sends the additions of a plan, batch by batch, pass by pass: written ahead as `pending`, then
// settled by their outcomes, each batch in one transaction. Part of a run; its thread.
#pragma once

#include <vector>

#include "run/passes.hpp"
#include "run/removes.hpp"

namespace muster {

//! Adds whose outcome is final are settled in the state, the sums and the report; the others are
//! reported as to be retried: they are left to the next run. Throws AudienceGone, and Error for
//! what ends the run; what was settled before stays so. As many of `removals` as fit go along with
//! the batch that holds the last adds; nothing: none do.
PassesEnd send_adds(Session& session, const std::vector<PlannedAdd>& adds,
                    Removals* removals = nullptr);

}  // namespace muster
