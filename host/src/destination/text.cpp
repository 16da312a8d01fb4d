#include "destination/text.hpp"

#include <algorithm>
#include <cctype>

#include "base/log.hpp"
#include "base/text.hpp"

namespace muster {
namespace {

constexpr std::size_t kLongestRecordId = 256;
// A shorter one would hide words that it is not.
constexpr std::size_t kShortestIdentifier = 4;
constexpr std::string_view kHidden = "[identifier]";

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

//! `identifier` where it stands as a word of its own.
void hide(std::string& text, std::string_view identifier) {
  for (auto at = text.find(identifier); at != std::string::npos; at = text.find(identifier, at)) {
    const auto end = at + identifier.size();
    const bool whole =
        (at == 0 || !is_of_word(text[at - 1])) && (end == text.size() || !is_of_word(text[end]));
    if (whole) text.replace(at, identifier.size(), kHidden);
    at += whole ? kHidden.size() : 1;
  }
}

//! The beginning of an identifier that the end of `text` cuts, where it begins as a word of its
//! own.
void hide_cut(std::string& text, std::span<const std::string_view> identifiers) {
  std::size_t cut = 0;
  for (const auto identifier : identifiers) {
    const auto size = cut_part(text, identifier);
    const bool begins = size == text.size() || !is_of_word(text[text.size() - size - 1]);
    if (size > cut && begins) cut = size;
  }
  if (cut > 0) text.replace(text.size() - cut, cut, kHidden);
}

void hide_whole(std::string& text, std::span<const std::string_view> identifiers) {
  for (const auto identifier : identifiers) {
    if (identifier.size() >= kShortestIdentifier) hide(text, identifier);
  }
}

}  // namespace

std::string told(std::string_view text, std::span<const std::string_view> in_hand) {
  if (text.empty()) return {};
  auto safe = log::without_secrets(text);
  hide_whole(safe, in_hand);
  return one_line(hide_addresses(safe));
}

std::string told_cut(std::string_view text, std::span<const std::string_view> in_hand) {
  auto safe = log::without_secrets_cut(text);
  hide_whole(safe, in_hand);
  hide_cut(safe, in_hand);
  return one_line(hide_addresses(safe));
}

std::string known_reason(const std::vector<std::string>& reasons, std::string_view given) {
  const bool known = std::find(reasons.begin(), reasons.end(), given) != reasons.end();
  return known ? std::string(given) : "rejected_by_destination";
}

bool is_record_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestRecordId && is_utf8(text);
}

bool is_address(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace muster
