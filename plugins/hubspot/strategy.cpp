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
// Fewer conflicts are no rule: HubSpot leaves the id out now and then (hubspot/api.md §4.4).
constexpr std::uint64_t kEnoughConflicts = 20;
constexpr std::uint64_t kMostConflicts = 320;
// It tells of one address for sure, and costs the others of its batch a call.
constexpr std::uint64_t kOfABatch = 10;

}  // namespace

bool Strategy::conflicts_lack_ids() const noexcept {
  return named_ + nameless_ >= kEnoughConflicts && nameless_ >= named_;
}

void Strategy::saw_conflicts(std::uint64_t with_id, std::uint64_t without_id) noexcept {
  named_ += with_id;
  nameless_ += without_id;
  while (named_ + nameless_ > kMostConflicts) {
    named_ /= 2;
    nameless_ /= 2;
  }
}

void Strategy::saw_batch_refused() noexcept { saw_conflicts(0, kOfABatch); }

bool Strategy::creates_first() const noexcept {
  if (chosen_ == Resolve::kReadFirst) return false;
  // Whoever exists is created in vain, and read: cheaper all the same where most are missing.
  if (conflicts_lack_ids()) return asked_now_ >= kEnoughAsked && missing_now_ * 2 > asked_now_;
  if (chosen_ == Resolve::kCreateFirst) return true;
  return asked_ >= kEnoughAsked && missing_ * kMissingOneIn >= asked_;
}

void Strategy::saw(std::uint64_t asked, std::uint64_t missing) noexcept {
  asked_ += asked;
  missing_ += missing;
  asked_now_ += asked;
  missing_now_ += missing;
  while (asked_ > kMostRemembered) {
    asked_ /= 2;
    missing_ /= 2;
  }
}

std::string Strategy::memory() const {
  return "resolve " + std::to_string(asked_) + ' ' + std::to_string(missing_) + ' ' +
         std::to_string(named_) + ' ' + std::to_string(nameless_);
}

std::uint64_t Strategy::calls_for(std::uint64_t adds, std::uint64_t missing,
                                  bool creates) const noexcept {
  const auto batches = [](std::uint64_t count) { return (count + 99) / 100; };
  if (!creates) return batches(adds);
  const bool lack_ids = conflicts_lack_ids();
  const auto in_vain = lack_ids ? batches(adds - missing) : 0;
  if (creates_first()) return batches(adds) + in_vain;
  const bool may_switch = chosen_ == Resolve::kAuto || lack_ids;
  const auto one_in = lack_ids ? 2 : kMissingOneIn;
  const bool switches = may_switch && missing * one_in >= adds && adds > kLookedAtFirst;
  if (chosen_ == Resolve::kReadFirst || !switches) return batches(adds) + batches(missing);
  // Those looked at first are read, and the missing of them created.
  return batches(adds) + batches(missing * kLookedAtFirst / adds) + in_vain;
}

void Strategy::recall(std::string_view memory) {
  constexpr std::string_view kMark = "resolve ";
  if (!memory.starts_with(kMark)) return;
  memory.remove_prefix(kMark.size());
  std::array<std::uint64_t, 4> figures{};
  const auto* at = memory.data();
  const auto* const end = at + memory.size();
  for (auto& figure : figures) {
    const auto parsed = std::from_chars(at, end, figure);
    if (parsed.ec != std::errc{}) return;
    at = parsed.ptr == end ? end : parsed.ptr + 1;
  }
  if (figures[0] > kMostRemembered || figures[1] > figures[0]) return;
  if (figures[2] > kMostConflicts || figures[3] > kMostConflicts) return;
  asked_ = figures[0];
  missing_ = figures[1];
  named_ = figures[2] / 2;
  nameless_ = figures[3] / 2;
}

}  // namespace muster::hubspot
