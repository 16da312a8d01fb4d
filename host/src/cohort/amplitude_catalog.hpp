// The cohorts that an Amplitude project lists (amplitude/api.md §1.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cohort/amplitude_api.hpp"

namespace muster {

struct ListedCohort {
  std::string id;
  std::string name;
  std::uint64_t size = 0;                //!< when it was computed last
  std::optional<Instant> last_computed;  //!< nothing: never
  bool archived = false;
};

//! By name. Only cohorts that are discoverable are listed. Throws Error.
std::vector<ListedCohort> list_cohorts(AmplitudeApi& api);

}  // namespace muster
