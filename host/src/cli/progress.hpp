// A run's progress on standard error: one line that moves on a terminal, else a line every 10 s.
#pragma once

#include <deque>

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
  //! How far the phase was.
  struct Mark {
    Milliseconds at{0};
    std::uint64_t done = 0;
  };
  void take(const RunProgress& progress, Milliseconds now);
  std::string line(const RunProgress& progress) const;
  std::string time_left(std::uint64_t open, double rate) const;

  Clock& clock_;
  std::string name_;
  bool terminal_;
  bool shown_ = false;
  std::optional<RunProgress> last_;
  std::deque<Mark> marks_;  //!< of the phase, a second apart; the first one is where rates begin
  Mark moved_;              //!< when it last came further
  Milliseconds last_shown_;
};

}  // namespace muster::cli
