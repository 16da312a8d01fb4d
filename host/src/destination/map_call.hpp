// One call of a plugin's map_identifiers: exactly one answer for each value. [concurrent]
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "destination/destination.hpp"
#include "destination/plugin_library.hpp"

namespace muster {

//! As Destination::map_identifiers.
std::vector<MappedIdentifier> map_by(const Plugin& plugin, void* instance, std::string_view kind,
                                     std::span<const std::string_view> values);

}  // namespace muster
