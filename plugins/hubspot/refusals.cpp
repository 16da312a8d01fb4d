#include "refusals.hpp"

#include <utility>

namespace muster::hubspot {
namespace {

constexpr std::size_t kMostInARow = 16;

}  // namespace

bool Refusals::are_of_everyone(const Answer& answer, const std::function<void()>& try_another) {
  if (has_taken_ || is_trying_another_) return false;
  auto code = refusal_code(answer.error, answer.status);
  if (code != code_) in_a_row_ = 0;
  code_ = std::move(code);
  if (++in_a_row_ < kMostInARow) return false;
  is_trying_another_ = true;
  try_another();
  is_trying_another_ = false;
  if (has_taken_ || api_.ended()) return false;
  api_.end({MUSTER_REJECTED, "hubspot.refuses_all",
            "HubSpot refuses to change the list for one contact after the other, for the same (" +
                told(answer) + ")",
            "it is no single contact's fault: look at the list, at what changed in the account and "
            "at its limits, then run the same sync again"});
  return true;
}

}  // namespace muster::hubspot
