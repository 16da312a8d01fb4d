// Reads the audience and compares it, record by record, with what the state says it holds (promise
// 3): 8 bytes and a bit for each record. Used at the end of a run, and by `muster verify`. One
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "destination/destination.hpp"
#include "run/patience.hpp"
#include "state/store.hpp"

namespace muster {

//! The records of an audience, as numbers (record_number.hpp), sorted. Ids that are no decimal
//! numbers cost their text besides.
class AudienceRecords {
 public:
  //! Reads every page; goes on where it was when the destination can't answer for a while. Throws
  //! what the destination throws.
  AudienceRecords(Destination& destination, std::string_view audience_ref, Patience& patience,
                  const std::function<void(std::uint64_t records)>& on_progress);
  bool holds(std::string_view record_id) const;
  bool holds(std::uint64_t number) const;
  std::uint64_t size() const noexcept { return records_.size(); }
  //! Where `number` stands among them; size() when it does not.
  std::uint64_t place(std::uint64_t number) const;
  //! Those that no row of the sync knows, in order; reads the sync's rows once.
  std::deque<std::uint64_t> strangers(Store& store, SyncId sync) const;
  //! As the destination told it.
  std::string record_id(std::uint64_t number) const;

 private:
  // Not a vector: that would take twice its room while it grows.
  std::deque<std::uint64_t> records_;
  std::map<std::uint64_t, std::string> texts_;  //!< of records whose number is not their id
};

//! What differs between an audience and the state.
struct Comparison {
  std::uint64_t confirmed = 0;        //!< listed members whose record is there
  std::vector<MemberKey> missing;     //!< listed members whose record is not
  std::uint64_t recent_missing = 0;   //!< of them, such as `is_recent` says
  std::vector<MemberKey> found;       //!< dropped members whose record is there after all
  std::vector<MemberKey> still_gone;  //!< members dropped as drifted or silently, and not there
  std::vector<MemberKey> leavers;     //!< removed, or to be removed, and there all the same
  std::uint64_t strangers = 0;        //!< records that no row knows
};

//! Whether a member that this run confirmed may be there, though a read does not show it yet.
using IsRecent = std::function<bool(RunId since)>;

//! Whether an earlier reading did not find the member (dropped). Others were dropped for what the
//! destination said.
bool was_written_off(const MemberRow& row);

//! Compares; reads the sync's rows once.
Comparison compare(const AudienceRecords& audience, Store& store, SyncId sync,
                   const IsRecent& is_recent);

//! Whether the audience exists: its first page is asked for. False when it is gone.
bool audience_exists(Destination& destination, std::string_view audience_ref);

}  // namespace muster
