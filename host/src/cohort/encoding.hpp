// What encoding a file is in, and what is said of one that is not UTF-8. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace muster {

//! Whether the first bytes of a file (four, unless it is shorter) are UTF-16, marked or not.
bool is_utf16(std::string_view head) noexcept;
//! The length of the UTF-8 byte order mark that the file begins with, or 0.
std::size_t byte_order_mark(std::string_view head) noexcept;

//! The same words wherever it is noticed.
Error utf16_error(std::string where);
Error not_utf8_error(std::string where);

}  // namespace muster
