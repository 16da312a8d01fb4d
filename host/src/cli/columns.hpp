// Text in the columns of a terminal: how wide it is, and lines that fit on it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace muster::cli {

//! The most columns that a line for people takes, where it can be broken.
inline constexpr std::size_t kColumns = 98;

//! What `text`, one line, takes on a terminal: colours nothing, wide characters two columns.
std::size_t columns_of(std::string_view text);
//! As many whole characters from the beginning of `text` as so many columns hold.
std::string first_columns(std::string_view text, std::size_t columns);
//! `text` with lines of at most kColumns: broken at blanks, and going on below the value that
//! stands behind a name and two blanks or more ("  report   …"), else as far in as the line began;
//! `hanging` blanks in where it began at the margin. A word that no line holds is broken anywhere,
//! unless it is a path or an address: those are there to be copied.
std::string fit(std::string_view text, std::size_t hanging = 2);

}  // namespace muster::cli
