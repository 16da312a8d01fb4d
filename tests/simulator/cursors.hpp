// Cursors of the simulated HubSpot. They are opaque: a reader that computes its own gets a 400.
#pragma once

#include <cstdint>
#include <string>

#include "simulator/errors.hpp"
#include "simulator/json_fields.hpp"

namespace muster::simulator {

inline std::string cursor_after(std::uint64_t id) { return "c" + std::to_string(id ^ 0x5A5A5AU); }
//! 0: it is none of ours.
inline std::uint64_t id_of_cursor(const std::string& cursor) {
  return cursor.size() < 2 || cursor[0] != 'c' ? 0 : whole_number(cursor.substr(1)) ^ 0x5A5A5AU;
}

}  // namespace muster::simulator
