// Takes out of the audience who left the cohort: written ahead as `leaving`, removed by record id,
// but for records that another listed member has. Part of a run; its thread.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "run/passes.hpp"

namespace muster {

//! Whether the records of all rows are known to be those of today.
enum class Merges { kUnknown, kKnown };

//! The removals of a plan: some go along with its last adds in one batch, so that the audience
//! changes once; the others follow. Borrows the session.
class Removals {
 public:
  Removals(Session& session, std::vector<MemberKey> keys, Merges merges);

  //! Records that adds of the batch stand for.
  struct Adds {
    std::set<std::string, std::less<>> unsettled;  //!< of adds that did not make a member
  };
  //! Removals for a batch that has room for so many more: marked as leaving, durable. Empty when
  //! none can be told now. Their outcomes go to `settle`.
  std::vector<Operation> ride_along(std::size_t room);
  //! In the transaction that goes on, behind the adds of the batch. `outcomes`: of the operations
  //! that were given last, in order. A record that an add made a member stays.
  void settle(std::span<const Outcome> outcomes, const Adds& adds);
  //! That transaction is committed.
  void committed();

  //! Records of adds that this run leaves open, as record_number gives them: who is one of them is
  //! not removed by it, else a person known under two identifiers would leave, and enter again.
  void hold(std::vector<std::uint64_t> records);
  //! Whether none are left that hold() could keep back.
  bool all_settled() const;

  //! Carries out what is left, pass by pass: as send_adds.
  PassesEnd send();
  //! Rows in the report of those that are not settled.
  void report_open() const;

 private:
  //! Rows that one operation stands for.
  struct Removal {
    Operation operation;
    std::vector<MemberRow> rows;
  };
  struct Prepared {
    std::vector<Removal> removals;
    std::optional<DestinationError> unavailable;  //!< why they can't be told now
  };

  std::vector<MemberKey> open_keys(std::size_t most) const;
  BatchLeft<MemberKey> send_batch(const std::vector<MemberKey>& keys);
  Prepared prepare(const std::vector<MemberKey>& keys);
  std::optional<DestinationError> find_records(std::vector<MemberRow>& rows);
  std::optional<DestinationError> set_merged_aside(std::vector<MemberRow>& rows);
  std::vector<Removal> write_ahead(std::vector<MemberRow> rows);
  void settle(const Removal& removal, const Outcome& outcome);
  void refuse(const MemberRow& row, const Outcome& outcome);
  //! How a member is out of the audience, as far as it is ours.
  enum class Left {
    kTakenOut,     //!< by this removal
    kRecordStays,  //!< another member has the record
    kNotThere,     //!< the audience does not hold it
  };
  void note_doubt(const Removal& removal, const Outcome& outcome);
  //! Whether it counts as removed by this run.
  bool done(const MemberRow& row, Left left);
  void forget_values_beside(const MemberRow& leaver);
  void keep_until_proved(MemberRow row, bool counted);
  std::size_t place_of(const MemberKey& key) const;

  Session& session_;
  Store& store_;
  const bool follows_merges_;
  std::vector<MemberKey> keys_;      //!< in order
  std::vector<bool> settled_;        //!< of the keys, as committed
  std::vector<MemberKey> settling_;  //!< in the transaction that goes on
  std::vector<bool> untouched_;      //!< of the keys: listed, and no removal took effect, surely
  std::vector<Removal> riding_;      //!< given to ride along, not settled yet
  std::vector<std::uint64_t> held_;  //!< in order
  std::size_t refused_ = 0;
};

//! All of them, for rows of who is not in the cohort any more.
PassesEnd send_removes(Session& session, const std::vector<MemberKey>& keys, Merges merges);

//! The rows in the report of removals that were not begun.
void report_open_removes(Session& session, const std::vector<MemberKey>& keys);

}  // namespace muster
