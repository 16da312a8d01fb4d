// What a run owes its users although it fails.
#pragma once

namespace muster {

//! Runs `rest` with an exception in hand, which goes on whatever `rest` meets: a full disk is told
//! by whoever met it first.
template <class Rest>
void despite_failure(Rest&& rest) noexcept {
  try {
    rest();
  } catch (...) {
  }
}

}  // namespace muster
