// When a sync identifies its members in another way than before (e-mail addresses instead of
// contact ids): who is listed keeps the record and gets the key of the new identifier, so that
// nobody leaves the list and comes back. Part of a run; its thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plan/cohort_index.hpp"
#include "plan/spill.hpp"
#include "run/patience.hpp"
#include "state/store.hpp"

namespace muster {

//! A row of the state, and the key that it gets.
struct Rekeyed {
  MemberKey from;
  MemberKey to;
  SpillOffset offset = 0;  //!< of the member in the cohort
};

//! What is needed to find them; borrowed.
struct RekeyParts {
  Store& store;
  Destination& destination;
  Patience& patience;
  const CohortIndex& cohort;
  Spill& spill;
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

//! Whether the sync's rows are keyed by another kind of identifier than `kind`.
bool identifier_changed(const SyncRow& sync, const std::string& kind);

//! What the guard says of such a sync: the change may be why so many seem to leave.
Error with_identifier_change(const Error& stopped, const SyncRow& sync, const std::string& kind);

//! Whether the members of `kind` can be matched with records without asking the destination.
bool is_record_kind(const Destination& destination, const std::string& kind);

//! Pairs rows and members by their record; each at most once; by the keys that they get. Looks the
//! cohort up at the destination, unless `kind` is that of records. Changes nothing.
std::vector<Rekeyed> find_rekeyed(const RekeyParts& parts, SyncId sync, const std::string& kind);

//! The row of a member by today's key, where a rekeying is written down, in part, or not at all.
std::optional<MemberRow> rekeyed_member(Store& store, SyncId sync,
                                        const std::vector<Rekeyed>& rekeyed, const MemberKey& key);

//! The rows of a sync as they are after a rekeying that was not written down.
std::unique_ptr<MemberCursor> rekeyed_members(Store& store, SyncId sync,
                                              const std::vector<Rekeyed>& rekeyed);

}  // namespace muster
