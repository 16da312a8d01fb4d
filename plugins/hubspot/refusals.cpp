#include "refusals.hpp"

namespace muster::hubspot {
namespace {

// Inputs come in no order that would put bad rows beside each other: where one in two is bad, so
// many of them in a row are met once in 65,000 times.
constexpr std::size_t kMostInARow = 16;

}  // namespace

bool Refusals::are_of_everyone(const Answer& answer) {
  auto code = refusal_code(answer.error, answer.status);
  if (code != code_) in_a_row_ = 0;
  code_ = std::move(code);
  if (++in_a_row_ < kMostInARow) return false;
  api_.end({MUSTER_REJECTED, "hubspot.refuses_all",
            "HubSpot refuses one after the other, each alone, for the same (" + told(answer) + ")",
            "it is no single row's fault: look at what changed in the account, at its limits and "
            "at the connection's settings, then run the same sync again"});
  return true;
}

}  // namespace muster::hubspot
