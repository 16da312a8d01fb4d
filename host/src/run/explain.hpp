// What is known of one person in one sync: `muster explain`. Writes nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/run_context.hpp"

namespace muster {

//! A row of the source that is this person.
struct SourceRow {
  std::uint64_t line = 0;  //!< 1-based; row number where the source has no lines
  std::string source_id;
  std::string rejected;            //!< why its identifier could not be mapped; empty: it could
  std::uint64_t duplicate_of = 0;  //!< line of the row that counts instead; 0: this one does
};

struct PersonChange {
  ChangeRow change;
  std::optional<RunRow> run;  //!< nothing when its history was forgotten
};

//! One member: who is asked for may be several, when contacts or addresses belong together.
struct ExplainedPerson {
  std::vector<SourceRow> rows;  //!< empty: not in the source now
  std::string canonical;        //!< empty where it is not known: the state holds no identifiers
  std::optional<MemberRow> state;
  std::optional<Instant> tried_again;  //!< of a dropped member that can heal
  std::vector<PersonChange> changes;   //!< newest first
  std::string record_id;               //!< as the state or the destination knows it; may be empty
  bool record_is_gone = false;         //!< the destination was asked, and has no such record
  std::optional<bool> in_list;         //!< nothing: it was not asked, or there is no record
};

struct Explanation {
  std::vector<ExplainedPerson> people;
  //! Nobody of the source and of the state: whoever is in the list is there without us.
  bool is_stranger = false;
  SyncRow sync;  //!< without an id when it never ran
  //! The kind of identifier that the state knows members by, where muster.yaml has another one by
  //! now: the next run matches them by their records.
  std::string former_kind;
  std::optional<Error> not_asked;  //!< why the destination could not be asked
  //! Why the source could not be read: no person has rows then, and a stranger may be in it.
  std::optional<Error> source_failed;
};

//! Borrowed for the call.
struct ExplainContext {
  Store* store;  //!< nullptr: there is no state yet
  MemberHasher hasher;
  Destination& destination;
  Clock& clock;
  const Cancellation& cancellation;
  RunObserver& observer;
  std::function<ConnectionRow()> ready_connection;
};

//! `asked` is a source id, an identifier in any spelling, or a record id. Reads the source to its
//! end, and the list until everyone is found. Throws Error when it is interrupted, or the state
//! fails; what of the source and the destination can't be had is left out, and told.
Explanation explain(const ExplainContext& context, const SyncRules& rules, Source& source,
                    const std::string& asked);

}  // namespace muster
