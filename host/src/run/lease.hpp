// One run of a sync at a time. A lease that its owner renews; one whose owner died is taken over.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "state/store.hpp"

namespace muster {

class Lease {
 public:
  //! Throws Error kBusy when another run of the sync is alive.
  Lease(Store& store, Clock& clock, SyncId sync, std::string owner);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  //! Renews when a good part of its time is over; call it often. Throws Error kBusy when another
  //! run took it over, as after a suspended machine: this run must not write any more.
  void keep();

  //! A transaction of the run that holds the lease. Between the lease's renewals another run may
  //! have taken it over, and written what this one does not know: then it throws Error kBusy at the
  //! beginning, and nothing is changed. As Store::Transaction otherwise.
  class Transaction {
   public:
    explicit Transaction(const Lease& lease) : transaction_(lease.store_) { lease.require(); }
    void commit() { transaction_.commit(); }

   private:
    Store::Transaction transaction_;
  };

 private:
  void require() const;

  Store& store_;
  Clock& clock_;
  SyncId sync_;
  std::string owner_;
  Milliseconds renewed_;
  Instant renewed_at_;
};

//! This process as a lease's owner: host, boot, process and its start, so that a dead one is told
//! from a living one on the same machine at once. `worker` tells apart those of one process that
//! must not run a sync at the same time; empty where there is one.
std::string this_process_as_owner(std::string_view worker = {});
//! Whether the process that `owner` names is known to be dead: same machine, not running.
bool is_known_dead(const std::string& owner);

}  // namespace muster
