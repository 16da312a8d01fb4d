// Texts of others: whether they are UTF-8, and how they are shown. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace muster {

//! Bytes of the well-formed character (RFC 3629) that `text` begins with; 0 when it begins with
//! none.
std::size_t utf8_character(std::string_view text) noexcept;
//! The offset of the first byte that is not part of valid UTF-8; npos when all is.
std::size_t find_invalid_utf8(std::string_view text) noexcept;
inline bool is_utf8(std::string_view text) noexcept {
  return find_invalid_utf8(text) == std::string_view::npos;
}

//! Control characters, which would forge lines or drive a terminal, as \x1b; so is the second half
//! of U+0080 to U+009F. `kept` stay as they are.
std::string escape_control(std::string_view text, std::string_view kept = {});

//! One line of valid UTF-8, at most 600 bytes or a character more, with spaces for control
//! characters: what others say, fit for a message.
std::string one_line(std::string_view text);

//! With [address] for what looks like an e-mail address, also where its @ is written %40.
std::string hide_addresses(std::string_view text);

//! How much of `whole` the end of a text that was cut holds, when it is the beginning of it and not
//! all of it; 0 below four bytes, which tell nothing.
std::size_t cut_part(std::string_view text, std::string_view whole) noexcept;

//! ASCII letters alone have a case.
bool equal_but_for_case(std::string_view a, std::string_view b) noexcept;

}  // namespace muster
