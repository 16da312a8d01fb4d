#include "run/session.hpp"

#include "run/heartbeat.hpp"

#include <utility>

namespace muster {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool may_pass_later(muster_status status) { return status == MUSTER_UNAVAILABLE; }

}  // namespace

Error interrupted_run() {
  return Error(ErrorKind::kInterrupted, "run.interrupted", "interrupted; what was done is kept")
      .with_hint("run the same command again to go on");
}

std::optional<MemberRow> Session::row_of(const MemberKey& key) const {
  return rekeyed_member(context.store, sync.id, rekeyed, key);
}

std::unique_ptr<MemberCursor> Session::rows() const {
  return rekeyed_members(context.store, sync.id, rekeyed);
}

std::string Session::seal_context(const MemberKey& key) const {
  std::string place = std::to_string(static_cast<std::int64_t>(sync.id)) + '/';
  for (const auto byte : key.bytes) {
    place += kHexDigits[byte >> 4U];
    place += kHexDigits[byte & 15U];
  }
  return place;
}

std::string Session::sealed(const MemberKey& key, std::string_view identifier) const {
  return context.vault.seal(SealPurpose::kIdentifier, seal_context(key), identifier);
}

std::string Session::unsealed(const MemberRow& row) const {
  if (row.sealed_identifier.empty()) return {};
  return context.vault.unseal(SealPurpose::kIdentifier, seal_context(row.key),
                              row.sealed_identifier);
}

void Session::put_sync() const {
  Lease::Transaction transaction(lease);
  auto row = sync;
  if (row.audience_ref.empty()) {
    if (const auto before = context.store.sync(sync.name)) {
      row.audience_ref = before->audience_ref;
      row.audience_name = before->audience_name;
    }
  }
  context.store.put_sync(row);
  transaction.commit();
}

Session::CallResult Session::call(
    const std::vector<Operation>& operations,
    std::function<void(std::span<const ResolvedRecord>)> on_resolved) {
  SyncHeader header;
  header.kind = rules.kind;
  header.cohort = rules.cohort;
  header.audience_name = rules.audience_name;
  header.audience_ref = sync.audience_ref;
  header.audience_known_as = sync.audience_name;
  header.create_missing = rules.create_missing;
  header.creation_begun = sync.audience_creating == rules.audience_name;
  header.adopt = may_adopt;
  header.property_names = rules.property_names;
  header.property_columns = rules.columns.properties;
  AudienceEvents events;
  events.creating = [this](std::string_view name) {
    sync.audience_creating = name;
    put_sync();
  };
  const auto keep = [this](std::string_view ref, std::string_view name, AudienceOrigin origin) {
    const bool is_first = sync.audience_ref.empty();
    adopted |= is_first && origin == AudienceOrigin::kAdopted;
    unannounced |= is_first && sync.audience_creating.empty();
    if (sync.audience_ref != ref) sync.audience_origin = origin;
    sync.audience_ref = ref;
    sync.audience_name = name;
    sync.audience_creating.clear();
    put_sync();
  };
  events.ready = [&](std::string_view ref, std::string_view name) {
    keep(ref, name, AudienceOrigin::kOurs);
  };
  events.adopted = [&](std::string_view ref, std::string_view name) {
    keep(ref, name, AudienceOrigin::kAdopted);
  };
  events.not_created = [this](std::string_view) {
    // From here on a list of that name is someone else's.
    sync.audience_creating.clear();
    put_sync();
  };
  events.resolved = std::move(on_resolved);
  if (batch_progress != nullptr) {
    batch_progress->begin(before_batch, batch_size, calls_for(operations));
  }
  auto answer = context.destination.sync(header, operations, events);
  if (batch_progress != nullptr) batch_progress->end();
  CallResult result;
  result.outcomes = std::move(answer.outcomes);
  for (const auto& outcome : result.outcomes) {
    if (outcome.created) tally.created();
    if (!outcome.retry_after) continue;
    if (!result.wait || *result.wait < *outcome.retry_after) result.wait = outcome.retry_after;
  }
  if (!answer.failure) return result;
  const auto& failure = *answer.failure;
  if (failure.status() == MUSTER_AUDIENCE_GONE) throw AudienceGone{failure};
  if (may_pass_later(failure.status())) {
    result.unavailable = failure;
    if (failure.retry_after()) result.wait = failure.retry_after();
  } else {
    result.fatal = failure;
  }
  return result;
}

std::uint64_t Session::calls_for(const std::vector<Operation>& operations) const {
  if (!context.destination.supports(MUSTER_ESTIMATE_1)) return 0;
  EstimateRequest request;
  request.kind = rules.kind;
  request.create_missing = rules.create_missing;
  request.has_audience = !sync.audience_ref.empty();
  request.verify = true;  // else look-ups would be counted that are no part of the call
  for (const auto& operation : operations) {
    if (operation.kind == OperationKind::kUpdate) ++request.updates;
    if (operation.kind == OperationKind::kRemove) ++request.removes;
    if (operation.kind == OperationKind::kAdd) {
      ++(operation.record_id.empty() ? request.adds : request.adds_by_record);
    }
  }
  try {
    return context.destination.estimate(request).calls;
  } catch (const DestinationError&) {
    return 0;  // a run needs no estimate
  }
}

void Session::end_if_fatal(const CallResult& result) {
  if (result.fatal) throw *result.fatal;
}

void Session::check_going() {
  if (context.cancellation.requested()) {
    throw interrupted_run();
  }
  lease.keep();
}

void Session::wait(Milliseconds duration) {
  wait_for(context.clock, duration, [this] {
    check_going();
    context.observer.on_alive();
  });
}

Patience Session::patience() {
  return Patience(context.clock, rules.retry_for,
                  [this](Milliseconds duration) { wait(duration); });
}

}  // namespace muster
