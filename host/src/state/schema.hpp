// The tables of the state, and how older ones become them.
#pragma once

#include "state/sqlite.hpp"

namespace muster::sqlite {

//! Marks the file as ours in its header: "mstr".
inline constexpr std::int64_t kApplicationId = 0x6d737472;

//! The version that this program writes; stored as user_version.
std::int64_t schema_version() noexcept;

//! Throws Error when the file is another program's, from a newer version, or damaged. Changes
//! nothing.
void check_file(Database& database);

//! Brings the tables to schema_version(), each step in one transaction.
void migrate(Database& database);

}  // namespace muster::sqlite
