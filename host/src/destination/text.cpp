#include "destination/text.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace muster {
namespace {

constexpr std::size_t kLongestRecordId = 256;

}  // namespace

bool is_record_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestRecordId && is_utf8(text);
}

bool is_address(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace muster
