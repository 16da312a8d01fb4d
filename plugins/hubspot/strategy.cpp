#include "strategy.hpp"

#include <array>
#include <charconv>

namespace muster::hubspot {
namespace {

constexpr std::uint64_t kEnoughAsked = 300;
// Older figures count for less and less: a cohort's first run is no rule for its later ones.
constexpr std::uint64_t kMostRemembered = 2'000;
// One in so many missing makes creating first the cheaper one.
constexpr std::uint64_t kMissingOneIn = 20;

}  // namespace

bool Strategy::creates_first() const noexcept {
  if (chosen_ == Resolve::kReadFirst || conflicts_lack_ids_) return false;
  if (chosen_ == Resolve::kCreateFirst) return true;
  return asked_ >= kEnoughAsked && missing_ * kMissingOneIn >= asked_;
}

void Strategy::saw(std::uint64_t asked, std::uint64_t missing) noexcept {
  asked_ += asked;
  missing_ += missing;
  while (asked_ > kMostRemembered) {
    asked_ /= 2;
    missing_ /= 2;
  }
}

std::string Strategy::memory() const {
  return "resolve " + std::to_string(asked_) + ' ' + std::to_string(missing_) + ' ' +
         (conflicts_lack_ids_ ? '1' : '0');
}

std::uint64_t Strategy::calls_for(std::uint64_t adds, std::uint64_t missing,
                                  bool creates) const noexcept {
  const auto batches = [](std::uint64_t count) { return (count + 99) / 100; };
  if (!creates || creates_first()) return batches(adds);
  const bool may_switch = chosen_ == Resolve::kAuto && !conflicts_lack_ids_;
  const bool switches = may_switch && missing * kMissingOneIn >= adds && adds > kLookedAtFirst;
  if (!switches) return batches(adds) + batches(missing);
  // Those looked at first are read, and the missing of them created.
  return batches(adds) + batches(missing * kLookedAtFirst / adds);
}

void Strategy::recall(std::string_view memory) {
  constexpr std::string_view kMark = "resolve ";
  if (!memory.starts_with(kMark)) return;
  memory.remove_prefix(kMark.size());
  std::array<std::uint64_t, 3> figures{};
  const auto* at = memory.data();
  const auto* const end = at + memory.size();
  for (auto& figure : figures) {
    const auto parsed = std::from_chars(at, end, figure);
    if (parsed.ec != std::errc{}) return;
    at = parsed.ptr == end ? end : parsed.ptr + 1;
  }
  if (figures[0] > kMostRemembered || figures[1] > figures[0]) return;
  asked_ = figures[0];
  missing_ = figures[1];
  conflicts_lack_ids_ = figures[2] == 1;
}

}  // namespace muster::hubspot
