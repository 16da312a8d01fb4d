// "Did you mean …?": the nearest of some known names. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster {

//! The name with the fewest edits from `wrong`, or empty when none is near enough to be meant.
std::string nearest(std::string_view wrong, const std::vector<std::string>& names);

//! A hint for an error: "did you mean 'x'?", or the known names when none is near.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace muster
