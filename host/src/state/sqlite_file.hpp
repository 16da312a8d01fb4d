// Opening SQLite files of ours: made for their owner alone, read on a disk that can't be written,
// too.
#pragma once

#include <filesystem>
#include <memory>

#include "state/sqlite.hpp"

namespace muster::sqlite {

//! Makes the file (0600) when there is none. Throws Error.
std::unique_ptr<Database> open_read_write(const std::filesystem::path& file);

//! Changes nothing. Throws Error "state.missing" when there is none.
std::unique_ptr<Database> open_read_only(const std::filesystem::path& file);

}  // namespace muster::sqlite
