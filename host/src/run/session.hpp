// What the parts of one run share while it goes on: the sync's row, the sums, the report, the
// batches. Made by the Runner, used on its thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/cohort_index.hpp"
#include "run/batch_progress.hpp"
#include "run/lease.hpp"
#include "run/patience.hpp"
#include "run/rekey.hpp"
#include "run/report.hpp"
#include "run/run_context.hpp"
#include "run/tally.hpp"

namespace muster {

//! The audience does not exist any more at the destination.
struct AudienceGone {
  DestinationError error;
};

//! What a run ends with when the user wants it to.
Error interrupted_run();

struct Session {
  RunContext& context;
  const SyncRules& rules;
  Lease& lease;
  Report& report;
  Spill& spill;
  const CohortIndex& cohort;
  SyncRow sync;
  RunId run{};
  bool repair = false;          //!< mends the list, and sends nothing else
  bool allow_removals = false;  //!< the guard lets pass
  bool is_whole = true;         //!< over the whole cohort; else over changes of it alone
  bool may_recreate = false;    //!< an audience that is gone is made again by this run
  Tally tally{};
  //! Records taken out of the audience by this run, for the read-back.
  std::vector<std::uint64_t> removed_records{};
  //! Of these: such as were not ours.
  std::uint64_t removed_strangers = 0;
  //! Members that were removed, the read-back has not confirmed it yet: their rows are kept.
  std::vector<MemberKey> removed_members{};
  std::vector<MemberKey> counted_removals{};  //!< of them: in the figure `removed`
  //! Members to be removed whose record was merged into another one (by that one's id): another
  //! member may be that one. Their rows keep the id of before.
  std::vector<std::pair<MemberKey, std::string>> merged_leavers{};
  //! Members whose removal the destination refused: they stay `leaving`, for the next run.
  std::vector<MemberKey> refused_removes{};
  //! Records of nobody of ours whose removal it refused.
  std::uint64_t refused_strangers = 0;
  //! Adds that no batch has settled: told at the run's end, where no other audience is filled.
  std::vector<PlannedAdd> open_adds{};
  //! Of a run over changes: who left the cohort without an identifier, and may stay in the audience
  //! until the next run over the whole cohort.
  std::uint64_t untold_leavers = 0;
  //! What was odd of the run itself, beside what its source tells.
  std::vector<SourceNotice> notices{};
  //! Listed members whose changed properties the destination refused.
  std::uint64_t refused_updates = 0;
  std::uint64_t still_refused_updates = 0;  //!< by runs of before
  //! An audience of the wanted name is taken over: the user asked for all to be sent again.
  bool may_adopt = false;
  //! That was done: nobody knows of whom in it this sync once was.
  bool adopted = false;
  //! The audience is there without a creation of which this state knows: the same holds.
  bool unannounced = false;
  //! How long the destination asked to be left alone, when the run gave up for that.
  std::optional<Milliseconds> asked_wait{};
  //! Members that this run listed under a contact that was there: its mapped properties are as they
  //! were.
  std::vector<PlannedUpdate> unwritten_properties{};

  //! Told of each batch while it is in hand; nothing: nobody listens.
  BatchProgress* batch_progress = nullptr;
  //! The batch that is about to be sent: the run's progress before it, and how many it holds.
  RunProgress before_batch{};
  std::uint64_t batch_size = 0;

  //! Rows that are to have other keys, by those: matched by their records since the sync identifies
  //! its members in another way, and not written down before the guard lets the run pass.
  std::vector<Rekeyed> rekeyed{};

  //! Writes the figures so far into the history: a kill leaves them there. Nothing: not yet.
  std::function<void()> keep_figures{};

  //! The row of a member by today's key, written down under it or not yet.
  std::optional<MemberRow> row_of(const MemberKey& key) const;
  //! The sync's rows, by today's keys.
  std::unique_ptr<MemberCursor> rows() const;

  //! Where a sealed identifier belongs: it does not open in another row.
  std::string seal_context(const MemberKey& key) const;
  std::string sealed(const MemberKey& key, std::string_view identifier) const;
  std::string unsealed(const MemberRow& row) const;

  //! Writes the sync's row down. While its audience is gone and no other is made, the reference to
  //! the one that is gone stays in the state.
  void put_sync() const;

  //! One call of the plugin. Throws AudienceGone, and Error for what ends the run; what may pass
  //! later is told by the outcomes and by `wait`.
  struct CallResult {
    std::vector<Outcome> outcomes;
    std::optional<Milliseconds> wait;       //!< as the destination asked for
    std::optional<Error> unavailable;       //!< why it could not be done now
    std::optional<DestinationError> fatal;  //!< ends the run once the outcomes are written down
  };
  CallResult call(const std::vector<Operation>& operations,
                  std::function<void(std::span<const ResolvedRecord>)> on_resolved = {});
  //! What the destination reckons that a call takes; 0: it does not say.
  std::uint64_t calls_for(const std::vector<Operation>& operations) const;
  //! Throws what `result` says must end the run.
  static void end_if_fatal(const CallResult& result);
  //! Throws kInterrupted when the user wants the run to end; renews the lease.
  void check_going();
  //! Waits, but for the user's wish to end the run.
  void wait(Milliseconds duration);
  //! For questions to the destination: as long as the sync's `retry_for`.
  Patience patience();
};

}  // namespace muster
