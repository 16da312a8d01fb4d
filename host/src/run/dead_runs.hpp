// Which runs of the history ended without a word. One thread.
#pragma once

#include <map>

#include "state/store.hpp"

namespace muster {

//! Borrows the store; asks it once for each run.
class DeadRuns {
 public:
  explicit DeadRuns(Store& store) : store_(store) {}
  //! Whether a kill ended it. A run that goes on is not dead.
  bool contains(RunId id) {
    const auto [known, is_new] = known_.try_emplace(id, false);
    if (is_new) {
      const auto run = store_.run(id);
      known->second = run && run->status == RunStatus::kInterrupted;
    }
    return known->second;
  }

 private:
  Store& store_;
  std::map<RunId, bool> known_;
};

}  // namespace muster
