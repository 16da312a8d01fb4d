#include "run/strangers.hpp"

#include <string>
#include <vector>

#include "plan/guard.hpp"
#include "run/passes.hpp"
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

}  // namespace

std::optional<Error> judge_strangers_of(const Session& session, const AudienceReader& reader,
                                        const Comparison& reading) {
  if (leaves_strangers(session) || session.allow_removals) return std::nullopt;
  return judge_strangers(reading.strangers, reader.last_size(), session.rules.max_removals);
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
