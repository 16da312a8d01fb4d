// Texts that cross the ABI. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muster/destination.h"

namespace muster {

inline muster_text to_text(std::string_view view) noexcept { return {view.data(), view.size()}; }
inline std::string_view view(muster_text text) noexcept {
  return text.size == 0 || text.data == nullptr ? std::string_view{}
                                                : std::string_view{text.data, text.size};
}

//! The i-th element of an array whose elements lie `stride` bytes apart (ABI-4).
template <class T>
const T& element(const T* first, std::size_t index, std::size_t stride) noexcept {
  return *reinterpret_cast<const T*>(reinterpret_cast<const char*>(first) + index * stride);
}

//! Whether elements of T up to `known` bytes of it can be read, `stride` bytes apart. `known` is
//! what level 1 has of it, whatever was added since.
template <class T>
constexpr bool is_stride(std::size_t stride, std::size_t known) noexcept {
  return stride >= known && stride % alignof(T) == 0;
}

//! A text in a fixed array: up to its NUL, or its end.
template <std::size_t N>
std::string_view inline_text(const char (&array)[N]) noexcept {
  return std::string_view(array, N).substr(0, std::string_view(array, N).find('\0'));
}

//! What a plugin tells, as one line for people: without the secrets that the host has met, without
//! addresses, and without the identifiers `in_hand` (ABI-13: it should not hold any).
std::string told(std::string_view text, std::span<const std::string_view> in_hand = {});
//! The same of a text whose end may be cut within one of those.
std::string told_cut(std::string_view text, std::span<const std::string_view> in_hand);
//! The same of one in a fixed array, which cut it where it fills the array.
template <std::size_t N>
std::string told_inline(const char (&array)[N], std::span<const std::string_view> in_hand) {
  constexpr std::size_t kLongestCharacter = 4;  // it may have been cut at its boundary
  const auto text = inline_text(array);
  return text.size() + kLongestCharacter >= N ? told_cut(text, in_hand) : told(text, in_hand);
}

//! The word of `reasons` that the plugin gave, `rejected_by_destination` for any other.
std::string known_reason(const std::vector<std::string>& reasons, std::string_view given);

//! What can stand for a record: some text, at most 256 bytes.
bool is_record_id(std::string_view text) noexcept;
//! What a browser can be sent to: printable ASCII (RFC 3986), and some of it.
bool is_address(std::string_view text) noexcept;

}  // namespace muster
