// Keeps the sums of a run true at every moment (promise 2): rows = members + duplicates, and
// members = listed + dropped by reason + to retry.
#pragma once

#include <string>

#include "plan/plan.hpp"
#include "state/rows.hpp"

namespace muster {

class Tally {
 public:
  //! Nothing read yet: all zero.
  Tally() = default;
  //! The cohort, before anything is planned: whoever can be sent is still to be retried.
  void read(const CohortIndex& cohort);
  bool has_read() const noexcept { return has_read_; }
  //! As the plan finds things: every planned add is still to be retried.
  void start(const CohortIndex& cohort, const Plan& plan);
  bool started() const noexcept { return started_; }

  enum class Newly { kListed, kStillListed };
  //! A planned add is settled: it is listed. kStillListed: it was before, nothing changed.
  void listed(Newly newly);
  //! A planned add is settled: it is dropped.
  void dropped(const std::string& reason);
  //! A listed member is sent once more: open until it is settled again.
  void reopen(Newly newly);
  //! A member counted as dropped is sent once more: open until it is settled again.
  void retry(const std::string& reason);
  //! A listed member turns out not to be in the audience; `newly` as it was counted before.
  void lost(Newly newly, const std::string& reason);
  //! A member counted as dropped is in the audience after all.
  void found(const std::string& reason);
  void created() { ++figures_.created; }
  void removed() { ++figures_.removed; }
  //! Who was counted as removed is seen in the audience all the same.
  void stayed() { --figures_.removed; }

  RunFigures& figures() noexcept { return figures_; }
  const RunFigures& figures() const noexcept { return figures_; }
  //! Whether everyone is listed, and nobody else of ours is seen in the audience.
  bool complete() const noexcept {
    const bool someone_stayed = figures_.verified && figures_.verified->leavers > 0;
    return figures_.listed == figures_.members && figures_.to_retry == 0 && !someone_stayed;
  }

 private:
  void take_dropped(const std::string& reason);
  void check() const;

  RunFigures figures_;
  bool has_read_ = false;
  bool started_ = false;
};

}  // namespace muster
