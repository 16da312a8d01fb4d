#include "run/updates.hpp"

#include <fmt/format.h>

#include "run/rest_reported.hpp"
#include "run/unaccounted.hpp"

namespace muster {
namespace {

struct OpenUpdate {
  PlannedUpdate planned;
  std::size_t place = 0;  //!< among the updates of the run
  int unaccounted = 0;
};

class UpdateSender {
 public:
  UpdateSender(Session& session, std::vector<bool>& settled)
      : session_(session), store_(session.context.store), settled_(settled) {}

  BatchLeft<OpenUpdate> send(std::vector<OpenUpdate> updates) {
    std::vector<SpilledMember> members;
    std::vector<MemberRow> rows;
    std::vector<Operation> operations;
    const auto is_forgotten = [this](const OpenUpdate& update) {
      return !store_.member(session_.sync.id, update.planned.key).has_value();
    };
    std::erase_if(updates, is_forgotten);
    if (updates.empty()) return {};
    for (const auto& update : updates) {
      members.push_back(session_.spill.read(update.planned.offset));
      rows.push_back(*store_.member(session_.sync.id, update.planned.key));
      operations.push_back({OperationKind::kUpdate, false, members.back().identifier,
                            rows.back().record_id, members.back().properties});
    }
    write_ahead(rows);
    auto result = session_.call(operations);

    BatchLeft<OpenUpdate> left{{}, result.wait, std::move(result.unavailable)};
    std::vector<std::size_t> places;
    Lease::Transaction transaction(session_.lease);
    for (std::size_t i = 0; i < updates.size(); ++i) {
      const auto& outcome = result.outcomes[i];
      const bool silent = is_unaccounted(outcome);
      if (silent) ++updates[i].unaccounted;
      if (is_final(outcome) || updates[i].unaccounted >= kUnaccountedTries) {
        settle(updates[i].planned, members[i], rows[i], outcome);
        places.push_back(updates[i].place);
      } else {
        left.items.push_back(updates[i]);
      }
    }
    session_.report.flush();
    transaction.commit();
    for (const auto place : places) settled_[place] = true;
    Session::end_if_fatal(result);
    return left;
  }

  std::uint64_t refused() const noexcept { return refused_; }

 private:
  //! Which values the records have is not known from here on: a kill must not leave the former ones
  //! for those that they have, or a value that comes back is never written.
  void write_ahead(std::vector<MemberRow>& rows) {
    Lease::Transaction transaction(session_.lease);
    for (auto& row : rows) {
      if (row.properties == 0) continue;
      row.properties = 0;
      store_.put_member(session_.sync.id, row);
    }
    transaction.commit();
  }

  static bool is_final(const Outcome& outcome) {
    return outcome.kind == OutcomeKind::kApplied || outcome.kind == OutcomeKind::kUnchanged ||
           outcome.kind == OutcomeKind::kRejected || outcome.kind == OutcomeKind::kNotFound;
  }

  void settle(const PlannedUpdate& update, const SpilledMember& member, MemberRow row,
              const Outcome& outcome) {
    const bool written =
        outcome.kind == OutcomeKind::kApplied || outcome.kind == OutcomeKind::kUnchanged;
    const bool rejected = outcome.kind == OutcomeKind::kRejected;
    // A value that is refused is not sent again before it changes.
    if (written || rejected) row.properties = update.properties;
    // Values went to that record: no move.
    if (written && !outcome.record_id.empty()) row.record_id = outcome.record_id;
    row.detail = !rejected                 ? ""
                 : !outcome.detail.empty() ? outcome.detail
                                           : "rejected_by_destination";
    if (written || rejected) store_.put_member(session_.sync.id, row);
    if (written) {
      store_.put_change(session_.sync.id,
                        {session_.run, row.key, ChangeKind::kUpdated, row.record_id, {}, {}});
    } else {
      ++refused_;
    }
    const std::string reason = written                                  ? ""
                               : outcome.kind == OutcomeKind::kNotFound ? "not_found"
                               : !rejected                              ? "silently_dropped"
                               : !outcome.reason.empty()                ? outcome.reason
                                                                        : "rejected_by_destination";
    session_.report.add({"update", member.source_id, member.identifier,
                         written ? "updated" : "not_updated", reason, outcome.detail,
                         row.record_id});
  }

  Session& session_;
  Store& store_;
  std::vector<bool>& settled_;
  std::uint64_t refused_ = 0;
};

//! The rows of updates that no batch has settled.
void report_open(Session& session, const std::vector<PlannedUpdate>& updates,
                 const std::vector<bool>& settled) {
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (settled[i]) continue;
    const auto row = session.context.store.member(session.sync.id, updates[i].key);
    if (!row) continue;
    const auto member = session.spill.read(updates[i].offset);
    session.report.add(
        {"update", member.source_id, member.identifier, "to_retry", {}, {}, row->record_id});
  }
  session.report.flush();
}

}  // namespace

void report_open_updates(Session& session, const std::vector<PlannedUpdate>& updates) {
  report_open(session, updates, std::vector<bool>(updates.size(), false));
}

PassesEnd send_updates(Session& session, const std::vector<PlannedUpdate>& updates) {
  std::vector<bool> settled(updates.size(), false);
  UpdateSender sender(session, settled);
  std::vector<OpenUpdate> open;
  open.reserve(updates.size());
  for (const auto& update : updates) open.push_back({update, open.size(), 0});
  PassesEnd end;
  with_rest_reported(
      session,
      [&] {
        end = run_passes(
            session, RunProgress::Phase::kUpdating, std::move(open),
            session.context.destination.descriptor().max_batch,
            [&](std::vector<OpenUpdate> batch) { return sender.send(std::move(batch)); });
      },
      [&] { report_open(session, updates, settled); });
  report_open(session, updates, settled);
  session.refused_updates += sender.refused();
  if (sender.refused() > 0) {
    session.context.observer.on_notice(
        fmt::format("the properties of {} members were not written; the report says why for each",
                    sender.refused()));
  }
  return end;
}

}  // namespace muster
