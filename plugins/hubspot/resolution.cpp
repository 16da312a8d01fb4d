#include "resolution.hpp"

namespace muster::hubspot {

std::string refusal_code(const ErrorFacts& facts, int status) {
  if (!facts.code.empty()) return facts.code;
  if (!facts.sub_category.empty()) return facts.sub_category;
  if (!facts.category.empty()) return facts.category;
  return status > 0 ? "HTTP_" + std::to_string(status) : "UNKNOWN";
}

bool take_whole(const Answer& answer, const Places& places, std::vector<Resolution>& results) {
  Resolution::State state{};
  switch (answer.fate) {
    case Fate::kRetry:
      state = Resolution::State::kRetry;
      break;
    case Fate::kInDoubt:
      state = Resolution::State::kInDoubt;
      break;
    case Fate::kSkipped:
      state = Resolution::State::kSkipped;
      break;
    default:
      return false;
  }
  for (const auto place : places) {
    results[place].state = state;
    results[place].wait_ms = answer.wait_ms;
  }
  return true;
}

}  // namespace muster::hubspot
