// A call of a hook: its error struct, and what becomes of its status. Pure.
#pragma once

#include <cstdint>
#include <exception>
#include <utility>

#include "destination/destination.hpp"
#include "destination/text.hpp"

namespace muster {

//! A time that a plugin names, where it can be added to others: none is waited for longer than a
//! year, none is negative.
Milliseconds bounded_time(std::int64_t ms) noexcept;

//! What the destination answered, as an error of ours: its texts cleaned, its status a kind.
DestinationError destination_error(muster_status status, const muster_error& error);

//! Runs `hook(&error)`; throws what a C++ callback threw inside it, else DestinationError.
template <class Hook>
void call_hook(const std::exception_ptr& thrown_inside, Hook&& hook) {
  muster_error error{};
  error.struct_size = sizeof error;
  error.retry_after_ms = -1;
  const muster_status status = hook(&error);
  if (thrown_inside) std::rethrow_exception(thrown_inside);
  if (status != MUSTER_OK) throw destination_error(status, error);
}

//! Runs `callback`; what it throws is kept in `thrown` for call_hook: none crosses the ABI.
template <class Callback>
bool kept_inside(std::exception_ptr& thrown, Callback&& callback) noexcept {
  if (thrown) return false;
  try {
    callback();
    return true;
  } catch (...) {
    thrown = std::current_exception();
    return false;
  }
}

}  // namespace muster
