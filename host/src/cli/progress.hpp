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
  //! Removes the moving line.
  void clear();

 private:
  std::string line(const RunProgress& progress) const;

  Clock& clock_;
  std::string name_;
  bool terminal_;
  bool shown_ = false;
  std::optional<RunProgress::Phase> phase_;
  Milliseconds phase_began_{0};
  Milliseconds last_shown_;
};

}  // namespace muster::cli
