// Reads an audience until what is seen can be believed: a read may lag behind a write, and people
// merge contacts meanwhile. Used by the proof of a run and by `muster verify`. One thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "run/lease.hpp"
#include "run/patience.hpp"
#include "run/read_back.hpp"
#include "run/run_context.hpp"

namespace muster {

//! What a reader works with; borrowed.
struct ReaderParts {
  Clock& clock;
  Store& store;
  const Lease& lease;
  Destination& destination;
  RunObserver& observer;
  const SyncRules& rules;
  const SyncRow& sync;
  RunId run{};  //!< that goes on; none: 0
  //! Records that this run took out of the audience.
  const std::vector<std::uint64_t>* removed_records = nullptr;
  //! Members that this run is to remove, with the records that theirs were merged into.
  const std::vector<std::pair<MemberKey, std::string>>* merged_leavers = nullptr;
  //! Throws when the user wants the end; keeps the lease.
  std::function<void()> check_going;
  std::function<void(Milliseconds)> wait;
  //! Canonical; nothing for whoever is not in the cohort.
  std::function<std::optional<std::string>(const MemberKey&)> identifier_of;
};

class AudienceReader {
 public:
  explicit AudienceReader(ReaderParts parts);

  //! Reads until what was changed lately is to be seen, or has had its time, and follows merged
  //! contacts to the record they are now. Throws what the destination throws.
  Comparison settled();
  //! Reads once, and follows the merges of all that are missing.
  void read_and_follow_merges();
  //! The audience as it was read last, with the state as it is now.
  Comparison compare_again();
  //! Whether a reading found the member's record merged into one that it did not show.
  bool has_moved(const MemberKey& key) const { return moved_.contains(key); }
  std::uint64_t last_size() const { return audience_ ? audience_->size() : 0; }
  //! Whether the audience, as it was read last, holds the record.
  bool last_holds(std::string_view record_id) const {
    return audience_ && audience_->holds(record_id);
  }
  //! The records, as they were read last, that no row knows now: numbers for last_record_id().
  std::deque<std::uint64_t> last_strangers() const;
  std::string last_record_id(std::uint64_t number) const { return audience_->record_id(number); }

 private:
  //! When the destination confirmed that a member is in the audience.
  enum class Confirmed { kEarlier, kLately };

  Comparison read();
  bool is_recent(RunId since);
  bool may_lag_behind_a_run(const Comparison& reading);
  bool follow_merges(const Comparison& reading, std::optional<Confirmed> confirmed);
  bool follow(const std::vector<MemberKey>& keys, std::optional<Confirmed> confirmed);
  void follow_records(const std::vector<MemberRow>& rows, std::vector<std::string>& found);
  bool is_of_leaver(const std::string& record_id) const;
  bool keep_new_records(std::vector<MemberRow>& rows, const std::vector<std::string>& identifiers);

  ReaderParts parts_;
  Patience patience_;
  std::optional<AudienceRecords> audience_;
  std::optional<std::uint64_t> expected_;  //!< records in it, about
  std::ptrdiff_t lagging_removals_ = 0;
  std::map<RunId, bool> recent_runs_;
  std::set<MemberKey> looked_up_;  //!< missing members, since it began to settle
  std::set<MemberKey> moved_;
};

}  // namespace muster
