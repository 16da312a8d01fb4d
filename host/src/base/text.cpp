#include "base/text.hpp"

#include <fmt/format.h>
#include <cctype>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace muster {
namespace {

constexpr std::size_t kLongestLine = 600;

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

unsigned char byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

bool is_control(unsigned char byte) noexcept { return byte < 0x20 || byte == 0x7F; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

//! RFC 5321's unquoted local parts and domains, and their letters of other alphabets.
bool is_of_address(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

}  // namespace

std::size_t utf8_character(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto lead = byte_at(text, 0);
  const auto length = sequence_length(lead);
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = byte_at(text, i);
    const bool fits = i == 1 ? is_second_byte(lead, byte) : (byte & 0xC0U) == 0x80U;
    if (!fits) return 0;
  }
  return length;
}

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
    const auto length = utf8_character(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string escape_control(std::string_view text, std::string_view kept) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = byte_at(text, i);
    // U+0080 to U+009F drive terminals, too.
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() && byte_at(text, i + 1) >= 0x80 &&
                       byte_at(text, i + 1) < 0xA0;
    if (is_c1) {
      clean += fmt::format("\\x{:02x}", byte_at(text, ++i));
    } else if (is_control(byte) && kept.find(text[i]) == std::string_view::npos) {
      clean += fmt::format("\\x{:02x}", byte);
    } else {
      clean += text[i];
    }
  }
  return clean;
}

std::string one_line(std::string_view text) {
  std::string clean;
  while (!text.empty() && clean.size() < kLongestLine) {
    const auto size = utf8_character(text);
    if (size == 0) {
      clean += '?';
    } else if (is_control(byte_at(text, 0))) {
      clean += ' ';
    } else {
      clean += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return clean;
}

std::string hide_addresses(std::string_view text) {
  const auto at_sign = [&](std::size_t at) -> std::size_t {
    if (text[at] == '@') return 1;
    return text.substr(at, 3) == "%40" ? 3 : 0;
  };
  std::string hidden;
  std::size_t taken = 0;  // of `text`, into `hidden`
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto sign = at_sign(at);
    if (sign == 0) continue;
    auto begin = at;
    while (begin > taken && is_of_address(text[begin - 1])) --begin;
    auto end = at + sign;
    while (end < text.size() && is_of_address(text[end])) ++end;
    while (end > at + sign && text[end - 1] == '.') --end;  // of the sentence
    if (begin == at || end == at + sign) continue;
    hidden.append(text.substr(taken, begin - taken)).append("[address]");
    taken = end;
    at = end - 1;
  }
  return hidden.append(text.substr(taken));
}

std::size_t cut_part(std::string_view text, std::string_view whole) noexcept {
  constexpr std::size_t kShortest = 4;
  if (whole.size() <= kShortest) return 0;
  for (auto size = std::min(text.size(), whole.size() - 1); size >= kShortest; --size) {
    if (text.ends_with(whole.substr(0, size))) return size;
  }
  return 0;
}

bool equal_but_for_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace muster
