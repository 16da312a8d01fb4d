// Which records the adds are that a run leaves open. Part of a run; its thread.
#pragma once

#include <cstdint>
#include <vector>

#include "run/session.hpp"

namespace muster {

//! The records of those of `adds` that are not `settled`, as record_number gives them, in no order:
//! as far as a batch has told them, else by a look. Throws DestinationError when the destination
//! can't be asked for as long as the sync's `retry_for`.
std::vector<std::uint64_t> records_of_open(Session& session, const std::vector<PlannedAdd>& adds,
                                           const std::vector<bool>& settled);

}  // namespace muster
