#include "run/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "run/account_check.hpp"
#include "run/audience_reader.hpp"
#include "run/confirmed.hpp"
#include "run/heartbeat.hpp"
#include "run/lease.hpp"
#include "run/reading_progress.hpp"
#include "run/ready_connection.hpp"

namespace muster {
namespace {

//! The cohort, read when somebody of it is asked for first.
class CohortOnDemand {
 public:
  CohortOnDemand(RunContext& context, const SyncRules& rules, Source& source, Lease& lease)
      : context_(context), rules_(rules), source_(source), lease_(lease) {}

  std::optional<std::string> identifier_of(const MemberKey& key) {
    if (!index_) read();
    const auto* member = index_->find(key);
    if (member == nullptr) return std::nullopt;
    return spill_->read(member->offset).identifier;
  }

 private:
  void read() {
    context_.observer.on_progress({RunProgress::Phase::kReading, 0, 0});
    spill_.emplace(context_.temporary_directory);
    index_.emplace(source_, context_.destination,
                   CohortMapping{rules_.columns, rules_.kind, rules_.property_names},
                   context_.vault.hasher(), *spill_, context_.cancellation,
                   [this](std::uint64_t rows, const Source::Progress& progress) {
                     lease_.keep();
                     context_.observer.on_progress(reading_progress(rows, progress));
                   });
  }

  RunContext& context_;
  const SyncRules& rules_;
  Source& source_;
  Lease& lease_;
  std::optional<Spill> spill_;
  std::optional<CohortIndex> index_;
};

SyncRow synced_before(RunContext& context, const SyncRules& rules) {
  const auto row = context.store.sync(rules.sync);
  if (row && !row->audience_ref.empty()) return *row;
  throw Error(ErrorKind::kFailed, "verify.no_list",
              fmt::format("no run of '{}' has made a list yet", rules.sync))
      .with_hint("run: muster sync " + rules.sync);
}

void check_wanted(const RunContext& context) {
  if (!context.cancellation.requested()) return;
  throw Error(ErrorKind::kInterrupted, "verify.interrupted", "interrupted; nothing was changed");
}

std::uint64_t should_be_there(Store& store, SyncId sync) {
  const auto rows = store.members(sync);
  std::uint64_t count = 0;
  MemberRow row;
  while (rows->next(row)) {
    if (row.state == MemberState::kListed || was_written_off(row)) ++count;
  }
  return count;
}

//! Whoever is missing and was never seen did not drift: the mark stays where it is, then.
void keep_confirmed_by(const Comparison& reading, Store& store, const SyncRow& sync) {
  const auto seen_until = confirmed_until(store, sync.name);
  const auto never_seen = [&](const MemberKey& key) {
    const auto row = store.member(sync.id, key);
    return row && row->since > seen_until;
  };
  if (std::none_of(reading.missing.begin(), reading.missing.end(), never_seen)) {
    keep_confirmed(store, sync.name);
  }
}

}  // namespace

VerifyResult verify_sync(RunContext& context, const SyncRules& rules, Source& source) {
  VerifyResult result;
  result.sync = synced_before(context, rules);
  Lease lease(context.store, context.clock, result.sync.id, context.owner);
  result.sync = synced_before(context, rules);  // as the run that held the lease left it
  const Heartbeat heartbeat(context.destination, source, [&lease, &context] {
    lease.keep();
    context.observer.on_alive();
  });
  const auto check_going = [&] {
    check_wanted(context);
    lease.keep();
  };
  require_same_account(result.sync, ready_connection(context, rules, check_going), rules);
  CohortOnDemand cohort(context, rules, source, lease);
  AudienceReader reader(
      {context.clock,
       context.store,
       lease,
       context.destination,
       context.observer,
       rules,
       result.sync,
       {},
       nullptr,
       nullptr,
       check_going,
       [&](Milliseconds duration) { wait_for(context.clock, duration, check_going); },
       [&](const MemberKey& key) { return cohort.identifier_of(key); }});
  try {
    const auto reading = reader.settled();
    result.confirmed = reading.confirmed + reading.found.size();
    result.missing = reading.missing.size() + reading.still_gone.size();
    result.strangers = reading.strangers;
    result.leavers = reading.leavers.size();
    keep_confirmed_by(reading, context.store, result.sync);
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_AUDIENCE_GONE) throw;
    result.list_gone = true;
    result.missing = should_be_there(context.store, result.sync.id);
  }
  result.expected = result.confirmed + result.missing;
  result.unsettled = count_unsettled(context.store, result.sync.id);
  return result;
}

std::uint64_t count_unsettled(Store& store, SyncId sync) {
  const auto rows = store.members(sync);
  std::uint64_t count = 0;
  for (MemberRow row; rows->next(row);) {
    if (row.state == MemberState::kPending && pending_of(row) != Pending::kTakenOut) ++count;
  }
  return count;
}

VerifyResult repaired(RunResult run) {
  VerifyResult result;
  result.sync = run.sync;
  const auto& figures = run.run.figures;
  result.was_read = figures.verified.has_value();
  if (const auto& verified = figures.verified) {
    result.confirmed = verified->confirmed;
    result.missing = verified->missing;
    result.strangers = verified->strangers;
    result.leavers = verified->leavers;
    result.expected = result.confirmed + result.missing;
  }
  result.repaired = figures.added + figures.removed;
  result.run = std::move(run);
  return result;
}

}  // namespace muster
