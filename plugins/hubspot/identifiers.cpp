#include "identifiers.hpp"

#include <algorithm>

namespace muster::hubspot {
namespace {

constexpr std::size_t kLongestAddress = 254;
constexpr std::size_t kLongestLocalPart = 64;
constexpr std::string_view kLocalSpecials = "!#$%&'*+/=?^_{|}~-`";
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

bool is_local_part(std::string_view local) {
  if (local.empty() || local.size() > kLongestLocalPart) return false;
  if (local.front() == '.' || local.back() == '.') return false;
  char before = 0;
  for (const char c : local) {
    if (c == '.' && before == '.') return false;
    const bool known =
        c == '.' || is_lower(c) || is_digit(c) || kLocalSpecials.find(c) != std::string_view::npos;
    if (!known) return false;
    before = c;
  }
  return true;
}

bool is_label(std::string_view label) {
  if (label.empty()) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_top_level(std::string_view label) {
  if (label.size() > 4 && label.substr(0, 4) == "xn--") return true;
  return label.size() >= 2 && std::all_of(label.begin(), label.end(), is_lower);
}

bool is_domain(std::string_view domain) {
  std::size_t labels = 0;
  for (;;) {
    const auto dot = std::min(domain.find('.'), domain.size());
    const auto label = domain.substr(0, dot);
    if (!is_label(label)) return false;
    ++labels;
    if (dot == domain.size()) return labels >= 2 && is_top_level(label);
    domain.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

std::optional<std::string> canonical_email(std::string_view value) {
  const auto plain = trimmed(value);
  if (plain.size() > kLongestAddress) return std::nullopt;
  auto address = lower_case(plain);
  const auto at = address.find('@');
  if (at == std::string::npos) return std::nullopt;
  const std::string_view view(address);
  if (!is_local_part(view.substr(0, at)) || !is_domain(view.substr(at + 1))) return std::nullopt;
  return address;
}

std::optional<std::string> canonical_contact_id(std::string_view value) {
  constexpr std::string_view kLargest = "9223372036854775807";
  auto digits = trimmed(value);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty() || digits.size() > kLargest.size()) return std::nullopt;
  if (digits.size() == kLargest.size() && digits > kLargest) return std::nullopt;
  return std::string(digits);
}

}  // namespace muster::hubspot
