// How often a connection was connected: whether somebody did so in between. One thread, as the
// store.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "state/store.hpp"

namespace muster {

std::uint64_t count_grants(Store& store, const std::string& connection);
//! One more; within the transaction that stores what was granted.
void add_grant(Store& store, const std::string& connection);
//! Of a connection that was connected while it was being disconnected.
Error connected_again(const std::string& connection);

}  // namespace muster
