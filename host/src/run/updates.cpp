#include "run/updates.hpp"

namespace muster {
namespace {

class UpdateSender {
 public:
  explicit UpdateSender(Session& session) : session_(session), store_(session.context.store) {}

  BatchLeft<PlannedUpdate> send(const std::vector<PlannedUpdate>& updates) {
    std::vector<SpilledMember> members;
    std::vector<MemberRow> rows;
    std::vector<Operation> operations;
    for (const auto& update : updates) {
      members.push_back(session_.spill.read(update.offset));
      rows.push_back(store_.member(session_.sync.id, update.key).value_or(MemberRow{}));
      operations.push_back({OperationKind::kUpdate, false, members.back().identifier,
                            rows.back().record_id, members.back().properties});
    }
    auto result = session_.call(operations);

    BatchLeft<PlannedUpdate> left{{}, result.wait, std::move(result.unavailable)};
    Store::Transaction transaction(store_);
    for (std::size_t i = 0; i < updates.size(); ++i) {
      if (!is_final(result.outcomes[i])) {
        left.items.push_back(updates[i]);
        continue;
      }
      settle(updates[i], members[i], rows[i], result.outcomes[i]);
    }
    session_.report.flush();
    transaction.commit();
    Session::end_if_fatal(result);
    return left;
  }

 private:
  static bool is_final(const Outcome& outcome) {
    return outcome.kind == OutcomeKind::kApplied || outcome.kind == OutcomeKind::kUnchanged ||
           outcome.kind == OutcomeKind::kRejected || outcome.kind == OutcomeKind::kNotFound;
  }

  void settle(const PlannedUpdate& update, const SpilledMember& member, MemberRow row,
              const Outcome& outcome) {
    const bool refused =
        outcome.kind == OutcomeKind::kRejected || outcome.kind == OutcomeKind::kNotFound;
    row.properties = update.properties;
    store_.put_member(session_.sync.id, row);
    if (!refused) {
      store_.put_change(session_.sync.id,
                        {session_.run, row.key, ChangeKind::kUpdated, row.record_id, {}, {}});
    }
    session_.report.add({"update", member.source_id, member.identifier,
                         refused ? "not_updated" : "updated",
                         refused ? "rejected_by_destination" : "", outcome.detail, row.record_id});
  }

  Session& session_;
  Store& store_;
};

}  // namespace

PassesEnd send_updates(Session& session, const std::vector<PlannedUpdate>& updates) {
  UpdateSender sender(session);
  return run_passes(session, RunProgress::Phase::kUpdating, updates,
                    session.context.destination.descriptor().max_batch,
                    [&](const std::vector<PlannedUpdate>& batch) { return sender.send(batch); });
}

}  // namespace muster
