// Up to which run everybody listed was seen in the audience: by the reading at a run's end, or by
// `muster verify`. One thread, as the store.
#pragma once

#include <string>

#include "state/store.hpp"

namespace muster {

//! Whoever was listed by that run or one before it, and is missing now, was taken out since.
//! RunId{} when no reading has seen them.
RunId confirmed_until(Store& store, const std::string& sync);

//! A reading outside a run saw everybody who is listed. Its lease is held: no run is in progress.
void keep_confirmed(Store& store, const std::string& sync);

}  // namespace muster
