#include "refusals.hpp"

#include <utility>

namespace muster::hubspot {
namespace {

constexpr std::size_t kMostInARow = 16;
// Where it took others: bad records may stand side by side in any number.
constexpr std::size_t kMostAfterASuccess = 64;

}  // namespace

void Refusals::taken() noexcept {
  has_taken_ = true;
  in_a_row_ = 0;
}

bool Refusals::are_of_everyone(const Answer& answer, const std::function<bool()>& try_another) {
  if (is_trying_another_) return false;
  auto code = refusal_code(answer.error, answer.status);
  if (code != code_) in_a_row_ = 0;
  code_ = std::move(code);
  if (++in_a_row_ < (has_taken_ ? kMostAfterASuccess : kMostInARow)) return false;
  in_a_row_ = 0;
  is_trying_another_ = true;
  const bool refused_too = try_another();
  is_trying_another_ = false;
  if (!refused_too || api_.ended()) return false;
  api_.end({MUSTER_REJECTED, "hubspot.refuses_all",
            "HubSpot refuses to change the list for one contact after the other, for the same (" +
                told(answer) + ")",
            "it is no single contact's fault: look at the list, at what changed in the account and "
            "at its limits, then run the same sync again"});
  return true;
}

}  // namespace muster::hubspot
