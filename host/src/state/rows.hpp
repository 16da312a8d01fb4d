// What the state remembers, as plain values. No identifier of a member is among them but sealed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/member_key.hpp"

namespace muster {

enum class ConnectionState { kNever, kConnected, kDisconnected, kRevoked };

struct ConnectionRow {
  std::string name;
  std::string destination;
  ConnectionState state = ConnectionState::kNever;
  std::string account_id;
  std::string account_name;
  std::string account_domain;
  std::string time_zone;
  std::vector<std::string> scopes;
  std::string url;
  std::string record_url;    //!< with {id}
  std::string audience_url;  //!< with {id}
  std::optional<Instant> connected_at;
  std::optional<Instant> last_used_at;
};

enum class SyncId : std::int64_t {};
enum class RunId : std::int64_t {};

//! Who made an audience: what someone else made is never deleted.
enum class AudienceOrigin { kOurs = 0, kAdopted = 1 };

struct SyncRow {
  SyncId id{};
  std::string name;
  std::string connection;
  std::string account_id;       //!< whose audience it is; empty before the first run
  std::string identifier_kind;  //!< of the keys in `member`; empty before the first run
  std::string audience_ref;
  std::string audience_name;      //!< as last asked of the destination
  std::string audience_creating;  //!< written ahead: a creation under this name was begun
  AudienceOrigin audience_origin = AudienceOrigin::kOurs;
};

enum class MemberState { kPending = 1, kListed = 2, kLeaving = 3, kDropped = 4 };

//! A row of `member` (architecture.md, "State of a member").
struct MemberRow {
  MemberKey key;
  MemberState state = MemberState::kPending;
  std::string record_id;          //!< listed and leaving; pending where it is known already
  std::string sealed_identifier;  //!< pending; dropped where an add of before may have taken effect
  std::string reason;             //!< dropped only
  //! Dropped, or listed with values that were refused: the destination's own code, or the reason.
  //! Pending: kNotApplied.
  std::string detail;
  std::uint32_t attempts = 0;  //!< how often an add was tried without success
  std::optional<Instant> last_try;
  std::uint64_t properties = 0;  //!< fingerprint of the values last sent to the record; 0: none
  RunId since{};                 //!< the run that brought it into this state

  //! Another record stands for the member now: what was sent to the former one it does not have.
  void move_to(std::string record) {
    if (record != record_id) properties = 0;
    record_id = std::move(record);
  }
};

//! The detail of a pending row whose adds were all answered, and surely had no effect. Taken away
//! before the next one is sent.
inline constexpr std::string_view kNotApplied = "NOT_APPLIED";

//! What a pending row stands for.
enum class Pending {
  kSent,           //!< an add that may have taken effect
  kWithoutEffect,  //!< adds of which surely none had any
  //! Taken out, which no reading has proved yet; or of an audience that is gone. Without a sealed
  //! identifier.
  kTakenOut,
};

inline Pending pending_of(const MemberRow& row) {
  if (row.detail == kNotApplied) return Pending::kWithoutEffect;
  return row.sealed_identifier.empty() ? Pending::kTakenOut : Pending::kSent;
}

inline bool may_have_been_added(const MemberRow& row) {
  return row.state == MemberState::kPending && pending_of(row) == Pending::kSent;
}

enum class RunStatus {
  kRunning,
  kSucceeded,
  kCompletedWithDrops,
  kStopped,
  kWaiting,
  kFailed,
  kInterrupted,
};

struct VerifiedFigures {
  std::uint64_t confirmed = 0;
  std::uint64_t missing = 0;
  std::uint64_t strangers = 0;
  std::uint64_t leavers = 0;  //!< removed, or to be removed, and seen in the audience all the same
};

//! The figures of a run (cli-and-config.md, "JSON").
struct RunFigures {
  std::uint64_t rows = 0;
  std::uint64_t members = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t listed = 0;
  std::uint64_t added = 0;
  std::uint64_t created = 0;
  std::uint64_t removed = 0;
  std::uint64_t unchanged = 0;
  std::map<std::string, std::uint64_t> dropped;  //!< by reason
  std::uint64_t to_retry = 0;
  std::optional<VerifiedFigures> verified;
  std::uint64_t calls = 0;
  Milliseconds throttled{0};  //!< waited for the destination's limits
  Milliseconds duration{0};
  //! Listed members whose property values are refused: by this run, or before and the same still.
  std::uint64_t not_updated = 0;
  std::uint64_t not_removed = 0;  //!< whose removal was refused; the report names both
};

//! What a run set out to do: send everyone, send what changed, or mend the list alone.
enum class RunMode { kFull, kIncremental, kRepair };
enum class StartedBy { kPerson, kSchedule, kPush };

struct RunRow {
  RunId id{};
  std::string sync;
  RunStatus status = RunStatus::kRunning;
  RunMode mode = RunMode::kFull;
  StartedBy started_by = StartedBy::kPerson;
  Instant started{};
  std::optional<Instant> finished;
  //! Else the figures of members and rows say nothing.
  bool cohort_was_read = false;
  RunFigures figures;
  std::string error_code;     //!< what stopped or failed it
  std::string error_message;  //!< where it was, and one sentence; no identifier
};

//! Which runs of the history.
struct RunFilter {
  std::string sync;  //!< empty: of all
  std::optional<RunStatus> status;
  std::optional<Instant> since;                        //!< started then or later
  std::optional<Instant> until;                        //!< started before
  enum class Runs { kAll, kWhole } runs = Runs::kAll;  //!< kWhole: none over pushed changes
  std::size_t limit = 20;
};

enum class ChangeKind { kAdded, kRemoved, kDropped, kDrifted, kUpdated };

//! What a run changed of one member, for `muster explain`.
struct ChangeRow {
  RunId run{};
  MemberKey key;
  ChangeKind kind = ChangeKind::kAdded;
  std::string record_id;
  std::string reason;
  std::string detail;
};

}  // namespace muster
