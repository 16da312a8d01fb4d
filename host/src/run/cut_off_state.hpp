// A state that lost all it held, as after a power cut: not to be taken for a new one.
#pragma once

#include <filesystem>

namespace muster {

//! Throws Error kFailed when the state's file in `directory` holds nothing, nor its write-ahead
//! log, though the workspace was in use: a new state would not know its own lists. Changes nothing.
void refuse_cut_off_state(const std::filesystem::path& directory);

}  // namespace muster
