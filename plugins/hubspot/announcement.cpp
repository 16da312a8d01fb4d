#include "announcement.hpp"

#include <charconv>

namespace muster::hubspot {
namespace {

constexpr std::string_view kMark = "announced ";
// A request waits for its turn and may be carried out long after nobody waits for it any more.
constexpr std::int64_t kCreationTakesMs = 5 * 60'000;

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return number;
}

std::optional<Moment> take_moment(std::string_view& text) {
  const auto ms = take_number(text);
  const auto is_hubspots = take_number(text);
  if (!ms || !is_hubspots || *is_hubspots > 1) return std::nullopt;
  return Moment{*ms, *is_hubspots == 1};
}

std::string text_of(const Moment& moment) {
  return std::to_string(moment.ms) + ' ' + (moment.is_hubspots ? '1' : '0');
}

}  // namespace

bool Announcement::can_have_made(std::int64_t created_ms) const {
  return !first_.is_surely_after(created_ms) &&
         created_ms <= latest_.ms + kCreationTakesMs + latest_.uncertainty_ms();
}

std::string Announcement::stored() const {
  return std::string(kMark) + text_of(first_) + ' ' + text_of(latest_);
}

std::optional<Announcement> Announcement::of(std::string_view text) {
  if (!text.starts_with(kMark)) return std::nullopt;
  text.remove_prefix(kMark.size());
  const auto first = take_moment(text);
  const auto latest = take_moment(text);
  if (!first || !latest || !text.empty()) return std::nullopt;
  Announcement announcement(*first);
  announcement.repeat(*latest);
  return announcement;
}

}  // namespace muster::hubspot
