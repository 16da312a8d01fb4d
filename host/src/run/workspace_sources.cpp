// The part of a workspace that knows what sources take from outside, and what their readings cost.
#include <fmt/format.h>

#include <algorithm>

#include "run/stored_memory.hpp"
#include "run/workspace.hpp"

namespace muster {

SourceEnvironment Workspace::source_environment() {
  if (!source_memory_) {
    const auto hasher = [this] { return vault().hasher(); };
    if (!looking_) {
      source_memory_ = std::make_unique<StoredMemory>(store(), hasher);
    } else {
      // Looking changes nothing of the syncs; what a look costs at a source is counted all the
      // same.
      source_memory_ = std::make_unique<LookedMemory>(
          has_state() ? &store() : nullptr, hasher, [this]() -> std::unique_ptr<Store> {
            if (!has_state()) return nullptr;
            return environment_.open_store(state_directory() / "state.db", StoreAccess::kReadWrite);
          });
    }
  }
  return {environment_.clock,
          environment_.make_transport,
          *source_memory_,
          {&environment_.cancellation, {}}};
}

bool Workspace::costs_again(const SyncConfig& sync, Instant since) {
  if (!is_counted(sync.source)) return false;
  auto environment = source_environment();
  environment.again_since = good_enough(since);
  return muster::costs_again(sync.source, rules(sync).columns, environment, since);
}

//! Who waits is told for what, once for each.
SourceEnvironment Workspace::told_environment(RunObserver& observer) {
  auto environment = source_environment();
  environment.waiting.tell = [&observer, told = std::string()](const std::string& text) mutable {
    if (told != text) observer.on_notice(text);
    told = text;
  };
  return environment;
}

Instant Workspace::good_enough(std::optional<Instant> since) const {
  constexpr Milliseconds kGoodEnough = std::chrono::hours(1);
  const auto lately = environment_.clock.now() - kGoodEnough;
  return std::min(since.value_or(lately), lately);
}

SourceEnvironment Workspace::run_environment(const RunOptions& options, RunObserver& observer) {
  auto environment = told_environment(observer);
  environment.again_since = good_enough(options.cohort_since);
  environment.waiting.attempts = options.attempts;
  return environment;
}

//! A look changes nothing of the syncs, and needs a state for what it cost alone. What can't be
//! written, as on a read-only disk, keeps nobody from looking.
void Workspace::keep_costs(const SyncConfig& sync, RunObserver& observer) {
  if (!is_stateless() || !is_counted(sync.source)) return;
  looking_ = false;
  try {
    static_cast<void>(vault());
  } catch (const Error& error) {
    observer.on_notice(
        fmt::format("what this costs of the source's limits can't be remembered, and the first run "
                    "will cost as much again: {}",
                    error.message()));
  }
  looking_ = true;
  vault_.reset();
  store_.reset();
}

void Workspace::check_source(const SyncConfig& sync) {
  muster::check_source(sync.source, rules(sync).columns, source_environment());
}

std::optional<SourceBudget> Workspace::source_budget(const SyncConfig& sync) {
  return known_budget(sync.source, source_environment());
}

}  // namespace muster
