// What a run does once its cohort is read: plans, sends, proves; begins again where the audience is
// gone.
#pragma once

#include "run/audience_life.hpp"
#include "run/session.hpp"

namespace muster {

//! What a run sets out to do. A list that does not exist any more can't be mended, only made again.
RunMode intended_mode(const SyncRow& sync, const RunOptions& options);

class Execution {
 public:
  //! `leaving`: of a run over pushed changes; else nullptr. `mode` is told as it is planned. All is
  //! borrowed.
  Execution(Session& session, const RunOptions& options, const CohortIndex* leaving, RunMode& mode)
      : session_(session),
        options_(options),
        leaving_(leaving),
        mode_(mode),
        audience_(session, options.restore_list) {}

  //! Throws Error for whatever keeps the run from its end.
  void run();

 private:
  std::optional<DestinationError> execute_unless_gone();
  void recover(const DestinationError& gone);
  void execute();
  void execute_whole();
  void execute_changes();
  void repair(const Plan& plan);
  Plan plan_whole();
  void keep_identifier();
  void require_unguarded(const Plan& plan) const;
  Error with_change(const Error& stopped) const;
  void send(const Plan& plan);
  void verify();
  void send_open_values();
  void forget(const std::vector<MemberKey>& keys);

  Session& session_;
  const RunOptions& options_;
  const CohortIndex* leaving_;
  RunMode& mode_;
  AudienceLife audience_;
};

}  // namespace muster
