// A call of a hook: its error struct, and what becomes of its status. Pure.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include "destination/destination.hpp"
#include "destination/text.hpp"

namespace muster {

//! A time that a plugin names, where it can be added to others: none is waited for longer than a
//! year, none is negative.
Milliseconds bounded_time(std::int64_t ms) noexcept;

//! What the destination answered, as an error of ours: its texts cleaned, its status a kind.
//! `in_hand`: the identifiers that the call was about, hidden wherever it tells them.
DestinationError destination_error(muster_status status, const muster_error& error,
                                   std::span<const std::string_view> in_hand = {});

//! The plugin broke the contract of destination.h.
Error plugin_fault(const Descriptor& descriptor, std::string_view what);
//! By calling a sink from a thread that isn't the hook's.
Error called_from_elsewhere(const Descriptor& descriptor);

//! The error of the host's own that `rethrow` throws, if any; anything else goes through.
template <class Rethrow>
std::optional<Error> error_of(Rethrow&& rethrow) {
  try {
    rethrow();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

//! The functions of ours that a hook is given to call, for one call of it: they are its own
//! thread's alone (ABI-8), and what they throw is kept: none crosses the ABI.
class Callbacks {
 public:
  Callbacks() = default;
  //! Of functions that touch what the run works with: `run_state` is held meanwhile.
  explicit Callbacks(std::mutex& run_state) : run_state_(&run_state) {}

  //! False, with nothing done, on another thread, or once one threw; false where this one throws.
  template <class Callback>
  bool run(Callback&& callback) noexcept {
    return is_own_thread() && !thrown_ && call(callback);
  }
  //! As run, also once one threw: what the plugin had done by then is to be heard.
  template <class Callback>
  bool run_even_after_throw(Callback&& callback) noexcept {
    return is_own_thread() && call(callback);
  }
  //! Once the hook has returned: throws what one of them threw.
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }
  //! Whether the plugin called one of them on another thread.
  bool called_from_elsewhere() const noexcept { return called_from_elsewhere_; }

 private:
  bool is_own_thread() noexcept {
    const bool own = std::this_thread::get_id() == thread_;
    if (!own) called_from_elsewhere_ = true;
    return own;
  }
  template <class Callback>
  bool call(Callback&& callback) noexcept {
    try {
      const auto lock =
          run_state_ == nullptr ? std::unique_lock<std::mutex>{} : std::unique_lock(*run_state_);
      callback();
      return true;
    } catch (...) {
      if (!thrown_) thrown_ = std::current_exception();
      return false;
    }
  }

  std::thread::id thread_ = std::this_thread::get_id();
  std::mutex* run_state_ = nullptr;
  std::exception_ptr thrown_;
  std::atomic<bool> called_from_elsewhere_{false};
};

//! Runs `hook(&error)`; throws what a callback threw inside it, else DestinationError.
template <class Hook>
void call_hook(const Callbacks& callbacks, Hook&& hook,
               std::span<const std::string_view> in_hand = {}) {
  muster_error error{};
  error.struct_size = sizeof error;
  error.retry_after_ms = -1;
  const muster_status status = hook(&error);
  callbacks.rethrow();
  if (status != MUSTER_OK) throw destination_error(status, error, in_hand);
}

}  // namespace muster
