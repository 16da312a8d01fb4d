// What has to change so that the audience equals the cohort: desired state minus confirmed state.
// Nothing here talks to anybody. 40 bytes for each add, beside the 32 of each member; a plan of a
// million adds was measured to take 110 at its peak. Identifiers stay in the spill.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/cohort_index.hpp"
#include "plan/healing.hpp"
#include "state/store.hpp"

namespace muster {

//! Why a member is to be added.
enum class AddCause : std::uint8_t {
  kNew,      //!< no row
  kPending,  //!< an earlier add whose effect is not known
  kLeaving,  //!< a remove whose effect is not known, and the member is back
  kResend,   //!< listed, but this run sends everything
  kProbe,    //!< dropped; looked for again, nothing created
  kHealing,  //!< dropped; added again
  kDrifted,  //!< gone from the audience without us, to be repaired
};

struct PlannedAdd {
  MemberKey key;
  SpillOffset offset = 0;
  std::uint64_t properties = 0;
  AddCause cause = AddCause::kNew;
};

//! A member of the audience whose property values changed.
struct PlannedUpdate {
  MemberKey key;
  SpillOffset offset = 0;
  std::uint64_t properties = 0;
};

//! A member that stays dropped in this run.
struct UntriedMember {
  MemberKey key;
  SpillOffset offset = 0;
};

struct Plan {
  RunMode mode = RunMode::kFull;
  std::vector<PlannedAdd> adds;        //!< in the order of the source
  std::vector<PlannedUpdate> updates;  //!< in the order of the source
  std::vector<MemberKey> removes;      //!< rows pending, listed or leaving of who is not there now
  //! Rows of who is not in the cohort any more, and not in the audience by an add: dropped, or sent
  //! without effect. Nothing is sent for them: who is there all the same, others put there.
  std::vector<MemberKey> forgotten;
  //! Rows of who is not in the cohort and may yet be in the audience: dropped after an add of which
  //! not all is known, or removed without a read-back's having confirmed it. To be removed, and no
  //! removal of a member.
  std::vector<MemberKey> doubtful;
  std::vector<UntriedMember> still_dropped;
  //! Listed members with values that the destination refused, and that are the same still.
  std::vector<UntriedMember> still_refused;
  std::map<std::string, std::uint64_t> still_dropped_by_reason;
  //! Of adds, those that were dropped before: added again, and probes.
  std::map<std::string, std::uint64_t> tried_again_by_reason;
  std::map<std::string, std::uint64_t> looked_for_again_by_reason;
  std::uint64_t unchanged = 0;      //!< listed, and to stay so
  std::uint64_t listed_by_run = 0;  //!< of unchanged: whom the run that goes on has listed
  //! Rows that the destination confirmed, but for removals that a run has begun: those were judged.
  std::uint64_t listed_before = 0;
  std::uint64_t leaving_now = 0;     //!< of these: such as this run is the first to remove
  std::uint64_t unsure_before = 0;   //!< rows of adds that may have taken effect
  std::uint64_t unsure_leaving = 0;  //!< of these: to be removed
  std::uint64_t missed_before = 0;  //!< rows that a reading of the audience lacked; it may be wrong
  std::uint64_t missed_leaving = 0;  //!< of these: to be removed
  std::uint64_t adds_by_record = 0;  //!< of adds: those whose record is known
};

//! What a plan depends on beside cohort and state.
struct PlanOptions {
  RunMode mode = RunMode::kIncremental;
  Instant now{};
  RunId run{};  //!< that goes on, and may have listed some; none: 0
  enum class Drift { kReport, kRepair } on_drift = Drift::kReport;
  //! Whether records are made for members that have none: who was not found before can be added.
  bool creates = false;
};

//! Merges the cohort with the sync's rows, both in key order (architecture.md, "State of a
//! member"). `rows` is read to its end.
Plan make_plan(const CohortIndex& cohort, MemberCursor& rows, const PlanOptions& options);

}  // namespace muster
