#include "run/strangers.hpp"

#include <string>
#include <utility>
#include <vector>

#include "plan/guard.hpp"
#include "run/passes.hpp"
#include "run/record_lookup.hpp"
#include "run/record_number.hpp"

namespace muster {
namespace {

//! Whom an audience held that this run took over nobody knows: they are the next run's to remove.
bool leaves_strangers(const Session& session) {
  const bool is_unknown = session.adopted || session.unannounced;
  return is_unknown || session.rules.strangers == Strangers::kLeave;
}

BatchLeft<std::string> remove_records(Session& session, const std::vector<std::string>& ids) {
  std::vector<Operation> operations;
  operations.reserve(ids.size());
  for (const auto& id : ids) operations.push_back({OperationKind::kRemove, false, {}, id, {}});
  auto result = session.call(operations);
  BatchLeft<std::string> left{{}, result.wait, std::move(result.unavailable)};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto kind = result.outcomes[i].kind;
    const bool gone = kind == OutcomeKind::kApplied || kind == OutcomeKind::kUnchanged ||
                      kind == OutcomeKind::kNotFound;
    if (!gone && kind != OutcomeKind::kRejected) left.items.push_back(ids[i]);
    if (kind == OutcomeKind::kRejected) {
      ++session.refused_strangers;
      const auto& outcome = result.outcomes[i];
      session.report.add(
          {"remove",
           {},
           {},
           "not_removed",
           outcome.reason.empty() ? std::string_view("rejected_by_destination") : outcome.reason,
           outcome.detail.empty() ? std::string_view("STRANGER") : outcome.detail,
           ids[i]});
    }
    if (kind != OutcomeKind::kApplied) continue;
    session.removed_records.push_back(record_number(ids[i]));
    ++session.removed_strangers;
    session.tally.removed();
    session.report.add({"remove", {}, {}, "removed", {}, "STRANGER", ids[i]});
  }
  session.report.flush();
  Session::end_if_fatal(result);
  return left;
}

//! By this run, a moment ago.
bool was_not_found(const Session& session, const MemberRow& row) {
  return row.state == MemberState::kDropped && row.reason == "not_found" &&
         row.since == session.run;
}

//! Those of the cohort that have no row, or a row without a record that the list holds, and are not
//! listed. Whom this run has looked for in vain has none.
std::vector<IndexedMember> members_without_record(const Session& session,
                                                  const AudienceReader& reader) {
  std::vector<IndexedMember> unknown;
  const auto rows = session.rows();
  MemberRow row;
  bool more = rows->next(row);
  for (const auto& member : session.cohort.members()) {
    while (more && row.key < member.key) more = rows->next(row);
    const bool has_row = more && row.key == member.key;
    const bool is_known =
        has_row && (row.state == MemberState::kListed || was_not_found(session, row) ||
                    (!row.record_id.empty() && reader.last_holds(row.record_id)));
    if (!is_known) unknown.push_back(member);
  }
  return unknown;
}

//! Who has no row may be in the list from now on, as far as the next run knows.
MemberRow row_of(const Session& session, const IndexedMember& member, std::string record) {
  auto row = session.context.store.member(session.sync.id, member.key);
  if (!row) {
    row.emplace();
    row->key = member.key;
    row->state = MemberState::kPending;
    row->sealed_identifier =
        session.sealed(member.key, session.spill.read(member.offset).identifier);
    row->since = session.run;
  }
  row->move_to(std::move(record));
  return *row;
}

}  // namespace

bool find_members_among_strangers(Session& session, const AudienceReader& reader,
                                  const Comparison& reading) {
  auto& destination = session.context.destination;
  if (reading.strangers == 0 || leaves_strangers(session) ||
      !destination.supports(MUSTER_LOOKUP_1)) {
    return false;
  }
  const auto unknown = members_without_record(session, reader);
  std::vector<std::pair<std::size_t, std::string>> there;
  auto patience = session.patience();
  look_up_each(
      {destination, patience, session.rules.kind}, unknown.size(),
      [&](std::size_t i) { return session.spill.read(unknown[i].offset).identifier; },
      [&](std::size_t i, std::string record) {
        if (!record.empty() && reader.last_holds(record)) there.emplace_back(i, std::move(record));
      },
      [&](std::size_t) { session.check_going(); },
      [](std::size_t) {});  // nobody is known to have what the destination refuses
  if (there.empty()) return false;
  Lease::Transaction transaction(session.lease);
  for (auto& [i, record] : there) {
    session.context.store.put_member(session.sync.id, row_of(session, unknown[i], record));
  }
  transaction.commit();
  return true;
}

std::optional<Error> judge_strangers_of(const Session& session, const AudienceReader& reader,
                                        const Comparison& reading) {
  if (leaves_strangers(session) || session.allow_removals) return std::nullopt;
  const auto removed = session.tally.figures().removed;
  return judge_strangers({reading.strangers, removed, reader.last_size() + removed},
                         session.rules.max_removals);
}

bool remove_strangers(Session& session, const AudienceReader& reader, const Comparison& reading) {
  if (reading.strangers == 0 || leaves_strangers(session)) return false;
  const auto strangers = reader.last_strangers();
  if (strangers.empty()) return false;
  const auto end = run_passes<std::string>(
      session, RunProgress::Phase::kRemoving, strangers.size(),
      [&](std::size_t i) { return reader.last_record_id(strangers[i]); },
      session.context.destination.descriptor().max_batch,
      [&](const std::vector<std::string>& batch) { return remove_records(session, batch); });
  if (end.left) throw *end.left;
  return true;
}

}  // namespace muster
