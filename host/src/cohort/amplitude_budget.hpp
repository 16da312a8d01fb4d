// How much of Amplitude's limits a project has left: 500 downloads a calendar month, 60 requests in
// ten minutes, 4 in a minute, 5 computed at a time (amplitude/api.md §1.2), shared by all syncs and
// processes of the workspace through the state. Amplitude's own count counts where it is told. One
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

class AmplitudeBudget {
 public:
  static constexpr std::uint64_t kMonthlyDownloads = 500;

  //! `project` names the project without telling its key. Borrows the environment.
  AmplitudeBudget(const SourceEnvironment& environment, std::string project);

  SourceBudget now() const;
  //! Takes Amplitude's answer about the usage over, where it tells the downloads used in this month
  //! and how many there are.
  void learn(const std::string& usage);
  //! Waits until a further request is within the limits of the minute and the ten minutes, and
  //! fewer downloads are computed than Amplitude does at a time; throws SourceWaits when the
  //! month's downloads are spent, SourceNotReady where it may not wait.
  void await_turn() const;
  //! One download is asked for: counted before it is sent.
  void spend();
  //! What became of it: one that was never sent, or refused for a limit (429), is no download.
  //! Whether it is one.
  bool settle(const HttpResponse& response);
  //! Amplitude computes a download, or does so no longer. One whose end nobody sees counts for a
  //! while.
  void begin_job(const std::string& id);
  void end_job(const std::string& id);

 private:
  struct Count;
  Count read() const;
  Count parse(const std::optional<std::string>& stored) const;
  std::string key() const { return "amplitude/budget/" + project_; }

  const SourceEnvironment& environment_;
  std::string project_;
};

}  // namespace muster
