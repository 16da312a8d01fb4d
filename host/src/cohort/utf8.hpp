// What encoding a file is in, and where it is not UTF-8. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace muster {

//! The offset of the first byte that is not part of valid UTF-8; npos when all is.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

//! Whether the first bytes of a file (four, unless it is shorter) are UTF-16, marked or not.
bool is_utf16(std::string_view head) noexcept;
//! The length of the UTF-8 byte order mark that the file begins with, or 0.
std::size_t byte_order_mark(std::string_view head) noexcept;

//! The same words wherever it is noticed.
Error utf16_error(std::string where);
Error not_utf8_error(std::string where);

}  // namespace muster
