// Members that are known by a record which was merged into another one since the last run. Part of
// `muster explain`; writes nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/patience.hpp"
#include "state/store.hpp"

namespace muster {

struct MergedIntoParts {
  Store& store;
  Destination& destination;
  Patience& patience;
  std::function<void(std::uint64_t)> on_read;  //!< records of the audience, so far
};

//! Those that are missing from the sync's audience and whose records lead to `record_id` now: the
//! audience is read once, and only who is missing from it looked up. Nobody where the destination
//! can't tell. Throws what the destination throws.
std::vector<MemberKey> members_merged_into(const MergedIntoParts& parts, const SyncRow& sync,
                                           const std::string& record_id);

}  // namespace muster
