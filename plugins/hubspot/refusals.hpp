// Tells a refusal that is everyone's from one of a bad row: what refuses one input after the other,
// each alone, is in none of them, and finding that out must not cost two calls for each. One
// thread.
#pragma once

#include <cstddef>
#include <string>

#include "api.hpp"
#include "resolution.hpp"

namespace muster::hubspot {

//! Of one kind of call; borrows the API.
class Refusals {
 public:
  explicit Refusals(Api& api) : api_(api) {}
  //! HubSpot took a call, if not all that was in it.
  void taken() noexcept { in_a_row_ = 0; }
  //! One input was refused alone. True when that is nobody's fault, and the call was ended for it:
  //! all that were refused alone for the same code are to be tried again.
  bool are_of_everyone(const Answer& answer);

 private:
  Api& api_;
  std::size_t in_a_row_ = 0;  //!< inputs that were refused alone, for the same, and nothing taken
  std::string code_;
};

}  // namespace muster::hubspot
