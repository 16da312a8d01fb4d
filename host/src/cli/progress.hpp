// A run's progress on standard error: one line that moves on a terminal, else a line every 10 s.
#pragma once

#include "run/run_context.hpp"

namespace muster::cli {

class Progress final : public RunObserver {
 public:
  //! `name` of the sync.
  Progress(Clock& clock, std::string name);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void on_progress(const RunProgress& progress) override;
  void on_notice(const std::string& notice) override;
  void on_alive() override;
  //! Removes the moving line.
  void clear();

 private:
  std::string line(const RunProgress& progress) const;

  Clock& clock_;
  std::string name_;
  bool terminal_;
  bool shown_ = false;
  std::optional<RunProgress> last_;
  Milliseconds phase_began_{0};
  std::uint64_t done_before_ = 0;  //!< when the phase began
  Milliseconds last_shown_;
};

}  // namespace muster::cli
