// Takes out of the audience who left the cohort: written ahead as `leaving`, removed by record id,
// but for records that another listed member has. Part of a run; its thread.
#pragma once

#include <vector>

#include "run/passes.hpp"

namespace muster {

//! Whether the records of all rows are known to be those of today.
enum class Merges { kUnknown, kKnown };

//! As send_adds, for rows of who is not in the cohort any more.
PassesEnd send_removes(Session& session, const std::vector<MemberKey>& keys, Merges merges);

//! The rows in the report of removals that were not begun.
void report_open_removes(Session& session, const std::vector<MemberKey>& keys);

}  // namespace muster
