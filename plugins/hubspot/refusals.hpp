// Tells a refusal of memberships that is everyone's from one of a single record: what refuses one
// record after the other, each alone, and never took one, is in none of them, and finding that out
// must not cost two calls for each. Not for addresses and values: those may be bad in any number.
// One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "api.hpp"
#include "resolution.hpp"

namespace muster::hubspot {

//! Of the membership calls of an instance; borrows the API.
class Refusals {
 public:
  explicit Refusals(Api& api) : api_(api) {}
  //! HubSpot took a call: what it refuses from now on is a record's fault, as a rule.
  void taken() noexcept;
  //! One record was refused alone. True when that is nobody's fault, and the call was ended for it:
  //! all that were refused alone for the same code are to be tried again. Before that,
  //! `try_another` sends one that is no neighbour of theirs: true when it was refused for the same.
  bool are_of_everyone(const Answer& answer, const std::function<bool()>& try_another);

 private:
  Api& api_;
  bool has_taken_ = false;
  bool is_trying_another_ = false;
  std::size_t in_a_row_ = 0;  //!< records that were refused alone for the same
  std::string code_;
};

}  // namespace muster::hubspot
