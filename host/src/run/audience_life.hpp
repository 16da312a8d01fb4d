// The life of a sync's audience at the destination, as a run meets it: renamed, deleted, restored,
// made again, taken over.
#pragma once

#include "run/session.hpp"

namespace muster {

//! The hint of a run that a deleted list stops, as on_list_deleted says.
std::string what_to_do_about_deleted_list(const SyncRules& rules);

class AudienceLife {
 public:
  //! `restore`: the user asked for a deleted audience to be restored, whatever the sync says.
  //! Borrows the session. Tells it whether a run may make an audience again.
  AudienceLife(Session& session, bool restore);

  //! The audience is gone: it is restored, or the run may begin again with a new one, as
  //! on_list_deleted says. Throws `gone` when that says to stop, or it happened too often.
  void recover(const DestinationError& gone);
  //! Gives the audience the name that the cohort has in muster.yaml by now.
  void rename();
  //! For a run that changes nothing and reads nothing back, and would not notice: throws
  //! AudienceGone.
  void require() const;
  //! Tells of records in an audience that was taken over, which may once have been this sync's.
  void tell_adoption() const;

 private:
  bool may_recover() const;
  bool may_start_over() const;
  bool restored() const;
  void change(std::int32_t action) const;
  void start_over();
  void tell(const std::string& notice) const { session_.context.observer.on_notice(notice); }

  Session& session_;
  bool restore_;
  int lost_ = 0;  //!< how often in this run
};

}  // namespace muster
