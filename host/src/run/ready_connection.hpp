// The connection of a run. A check of its token that the destination can't answer now is asked
// again, like all else of a run, for as long as the sync's `retry_for`. One thread.
#pragma once

#include <functional>

#include "run/patience.hpp"
#include "run/run_context.hpp"

namespace muster {

//! `check_going` is called while it waits, and throws when the user wants the end.
inline ConnectionRow ready_connection(const RunContext& context, const SyncRules& rules,
                                      const std::function<void()>& check_going) {
  Patience patience(context.clock, rules.retry_for,
                    [&](Milliseconds duration) { wait_for(context.clock, duration, check_going); });
  return patience.ask([&] { return context.ready_connection(); });
}

}  // namespace muster
