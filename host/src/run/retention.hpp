// What old runs left behind is forgotten, after a run.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "state/store.hpp"

namespace muster {

//! Deletes the reports of runs that ended longer than `keep` before `now`; of a run that the state
//! does not know (any more), by the time of the file. What can't be deleted stays.
void forget_old_reports(Store& store, const std::filesystem::path& directory, Milliseconds keep,
                        Instant now);
//! Forgets, at most once a week, changes of members of more than 400 days ago: so far back does
//! `muster explain` tell.
void forget_old_changes(Store& store, Instant now);

}  // namespace muster
