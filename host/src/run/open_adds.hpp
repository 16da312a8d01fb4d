// The rows in the report of adds that a run leaves to the next one. Part of a run; its thread.
#pragma once

#include <vector>

#include "run/session.hpp"

namespace muster {

//! Of adds that are not sent at all.
void report_open_adds(Session& session, const std::vector<PlannedAdd>& adds);
//! Of those that no batch has settled.
void report_open_adds(Session& session, const std::vector<PlannedAdd>& adds,
                      const std::vector<bool>& settled);

}  // namespace muster
