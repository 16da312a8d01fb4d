#include "cohort/utf8.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

namespace muster {
namespace {

//! Bytes of the character that begins with `lead`; 0 when none does.
std::size_t sequence_length(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

//! The ranges of the second byte that exclude overlong forms, surrogates and what is past U+10FFFF.
bool is_second_byte(unsigned char lead, unsigned char second) noexcept {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return second >= 0x80 && second <= 0xBF;
  }
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & kHighBits) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const auto lead = static_cast<unsigned char>(text[at]);
    const auto length = sequence_length(lead);
    if (length == 0 || text.size() - at < length) return at;
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      const bool fits = i == 1 ? is_second_byte(lead, byte) : (byte & 0xC0U) == 0x80U;
      if (!fits) return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

bool is_utf16(std::string_view head) noexcept {
  return head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF") ||
         head.find('\0') != std::string_view::npos;
}

std::size_t byte_order_mark(std::string_view head) noexcept {
  return head.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

Error utf16_error(std::string where) {
  return Error(ErrorKind::kFailed, "csv.utf16", "the file is UTF-16, not UTF-8")
      .at(std::move(where))
      .with_hint("convert it: iconv -f UTF-16 -t UTF-8 IN > OUT");
}

Error not_utf8_error(std::string where) {
  return Error(ErrorKind::kFailed, "csv.not_utf8", "a byte that is not UTF-8")
      .at(std::move(where))
      .with_hint(
          "the file may be Latin-1 or Windows-1252; convert it: iconv -f WINDOWS-1252 -t UTF-8 IN "
          "> OUT");
}

}  // namespace muster
