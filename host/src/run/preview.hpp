// What a run would do, worked out without doing any of it (promise 5).
#pragma once

#include <filesystem>
#include <optional>

#include "plan/guard.hpp"
#include "run/run_context.hpp"

namespace muster {

struct PreviewOptions {
  bool full = false;
  bool look_up = false;        //!< ask the destination which records exist
  std::filesystem::path rows;  //!< where every row goes; empty: nowhere
};

struct Preview {
  RunMode mode = RunMode::kFull;
  //! Else only what the source alone tells is known: members are identified in another way than
  //! before, and who is who takes a look-up. The figures of operations are 0 then.
  bool is_known = true;
  std::uint64_t rows = 0;
  std::uint64_t members = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t adds = 0;
  //! Of adds, those that were dropped before, by reason: added again, and looked for only.
  std::map<std::string, std::uint64_t> tried_again;
  std::map<std::string, std::uint64_t> looked_for_again;
  std::uint64_t updates = 0;
  std::uint64_t not_updated = 0;  //!< listed members whose values were refused, and are the same
  //! Members that leave, and whoever else may be in the list after a removal or an add of before.
  std::uint64_t removes = 0;
  std::uint64_t unchanged = 0;
  std::map<std::string, std::uint64_t> rejected;
  std::map<std::string, std::uint64_t> still_dropped;
  std::optional<Instant> next_retry;  //!< of the first of still_dropped that can heal
  GuardVerdict guard;
  CallEstimate estimate;
  Milliseconds duration{0};  //!< that the calls take at the account's limits
  //! The sync identifies its members in another way than before.
  struct IdentifierChange {
    std::string from;
    std::string to;
    //! Members known by their records, that stay as they are; nothing where that takes a look-up.
    std::optional<std::uint64_t> kept;
  };
  std::optional<IdentifierChange> identifier_change;
  //! With a look-up: the list was deleted at the destination, and a run would restore it or make
  //! it again, and send everyone.
  bool list_gone = false;
  //! Without one: the static token is not the one that was checked last, and may lead to another
  //! account.
  bool token_changed = false;
  //! Why a run would be refused: the connection leads to another account, or the list was deleted.
  std::optional<Error> refused;
  struct Lookup {
    std::uint64_t exists = 0;
    std::uint64_t missing = 0;       //!< would be created, where the sync creates
    std::uint64_t probed = 0;        //!< dropped members looked for again; counted here alone
    std::uint64_t probed_exist = 0;  //!< of these: that are there now
  };
  std::optional<Lookup> lookup;
  std::vector<SourceNotice> notices;
  std::optional<SourceBudget> source_budget;
};

//! What `preview_sync` works with; borrowed.
struct PreviewContext {
  Clock& clock;
  Store* store;  //!< nullptr: there is no state yet
  MemberHasher hasher;
  Destination& destination;
  const Cancellation& cancellation;
  RunObserver& observer;
  std::filesystem::path temporary_directory;
  double rate_share = 1.0;
  bool token_changed = false;  //!< a static token that was never checked
  //! The connection, checked where that takes asking; called with a look-up alone. Throws Error.
  std::function<ConnectionRow()> ready_connection = {};
  //! Whether a run that begins now would check it by a call.
  std::function<bool()> would_check_connection = {};
};

//! Sends nothing without PreviewOptions::look_up. Throws Error.
Preview preview_sync(const PreviewContext& context, const SyncRules& rules, Source& source,
                     const PreviewOptions& options);

}  // namespace muster
