#include "run/merges_of_removed.hpp"

#include <string>
#include <utility>
#include <vector>

#include "run/record_lookup.hpp"
#include "run/record_number.hpp"

namespace muster {
namespace {

std::uint64_t strangers_before(const Session& session) {
  auto& store = session.context.store;
  const auto proved = store.run(store.last_proved_run(session.rules.sync));
  return proved && proved->figures.verified ? proved->figures.verified->strangers : 0;
}

std::string record_of(const Session& session, const MemberKey& key) {
  const auto row = session.context.store.member(session.sync.id, key);
  return row && row->state == MemberState::kPending ? row->record_id : std::string{};
}

//! Removed, and not to be seen under the record that is known of them.
std::vector<MemberKey> unseen(const Session& session, const AudienceReader& reader) {
  std::vector<MemberKey> keys;
  for (const auto& key : session.removed_members) {
    const auto record = record_of(session, key);
    if (!record.empty() && !reader.last_holds(record)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

bool follow_merges_of_removed(Session& session, const AudienceReader& reader,
                              const Comparison& reading) {
  auto& destination = session.context.destination;
  const auto* of_records = destination.descriptor().record_kind();
  if (session.removed_members.empty() || of_records == nullptr ||
      !destination.supports(MUSTER_LOOKUP_1) || reading.strangers <= strangers_before(session)) {
    return false;
  }
  const auto removed = unseen(session, reader);
  std::vector<std::pair<MemberKey, std::string>> moved;
  auto patience = session.patience();
  look_up_each(
      {destination, patience, of_records->id}, removed.size(),
      [&](std::size_t i) { return record_of(session, removed[i]); },
      [&](std::size_t i, std::string survivor) {
        if (!survivor.empty() && reader.last_holds(survivor)) {
          moved.emplace_back(removed[i], std::move(survivor));
        }
      },
      [&](std::size_t) { session.check_going(); });
  if (moved.empty()) return false;
  Lease::Transaction transaction(session.lease);
  for (auto& [key, survivor] : moved) {
    auto row = session.context.store.member(session.sync.id, key);
    session.removed_records.push_back(record_number(survivor));  // a reading may lag behind that
    row->move_to(std::move(survivor));
    session.context.store.put_member(session.sync.id, *row);
  }
  transaction.commit();
  return true;
}

}  // namespace muster
