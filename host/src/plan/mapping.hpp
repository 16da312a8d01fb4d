// The values of a source as the destination knows them. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "destination/destination.hpp"

namespace muster {

//! One result for each value, in order. A blank one is no identifier: the destination is not asked.
//! Throws Error where the destination does not answer.
std::vector<MappedIdentifier> map_values(const Destination& destination, std::string_view kind,
                                         std::span<const std::string_view> values);

}  // namespace muster
