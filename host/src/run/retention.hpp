// What old runs left behind is forgotten, after a run.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "state/store.hpp"

namespace muster {

//! Deletes reports that were last written longer than `keep` ago. What can't be deleted stays.
void forget_old_reports(const std::filesystem::path& directory, Milliseconds keep);
//! Forgets, at most once a week, changes of members of more than 400 days ago: so far back does
//! `muster explain` tell.
void forget_old_changes(Store& store, Instant now);

}  // namespace muster
