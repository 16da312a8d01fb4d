// The connection of a run. A check of its token that the destination can't answer now is asked
// again, like all else of a run, for as long as the sync's `retry_for`. One thread.
#pragma once

#include <fmt/format.h>

#include <functional>

#include "run/patience.hpp"
#include "run/run_context.hpp"

namespace muster {

//! `check_going` is called while it waits, and throws when the user wants the end.
inline ConnectionRow ready_connection(const RunContext& context, const SyncRules& rules,
                                      const std::function<void()>& check_going) {
  const auto tell = [&](const Error& error) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(rules.retry_for).count();
    context.observer.on_notice(
        fmt::format("{}; it is asked again, for {} s at most", error.message(), seconds));
  };
  Patience patience(
      context.clock, rules.retry_for,
      [&](Milliseconds duration) { wait_for(context.clock, duration, check_going); }, tell);
  return patience.ask([&] { return context.ready_connection(); });
}

}  // namespace muster
