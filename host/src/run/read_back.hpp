// Reads the audience and compares it, record by record, with what the state says it holds (promise
// 3): 8 bytes a record of each side. Used at the end of a run, and by `muster verify`. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/destination.hpp"
#include "state/store.hpp"

namespace muster {

//! The records of an audience, as numbers (record_number.hpp), sorted.
class AudienceRecords {
 public:
  //! Reads every page. Throws what the destination throws.
  AudienceRecords(Destination& destination, std::string_view audience_ref,
                  const std::function<void(std::uint64_t records)>& on_progress);
  bool holds(std::string_view record_id) const;
  std::uint64_t size() const noexcept { return records_.size(); }
  const std::vector<std::uint64_t>& numbers() const noexcept { return records_; }

 private:
  std::vector<std::uint64_t> records_;
};

//! What differs between an audience and the state.
struct Comparison {
  std::uint64_t confirmed = 0;      //!< listed members whose record is there
  std::vector<MemberKey> missing;   //!< listed members whose record is not
  std::vector<MemberKey> found;     //!< dropped members whose record is there after all
  std::uint64_t still_missing = 0;  //!< members dropped as drifted or silently, and not there
  std::uint64_t strangers = 0;      //!< records that no row knows
};

//! Compares; reads the sync's rows once.
Comparison compare(const AudienceRecords& audience, Store& store, SyncId sync);

//! The record ids of the strangers; reads the audience again, for their exact texts.
std::vector<std::string> stranger_ids(Destination& destination, std::string_view audience_ref,
                                      Store& store, SyncId sync);

//! Whether the audience exists: its first page is asked for. False when it is gone.
bool audience_exists(Destination& destination, std::string_view audience_ref);

}  // namespace muster
