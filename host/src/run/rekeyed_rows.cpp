#include "run/rekeyed_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "run/record_lookup.hpp"

namespace muster {
namespace {

constexpr std::size_t kTransaction = 10'000;

std::vector<MemberKey> without_record(Session& session) {
  std::vector<MemberKey> keys;
  const auto rows = session.context.store.members(session.sync.id);
  MemberRow row;
  while (rows->next(row)) {
    // A row with the key of a member was rekeyed before the rekeying was cut short.
    const bool is_unknown = row.record_id.empty() && !row.sealed_identifier.empty();
    if (is_unknown && session.cohort.find(row.key) == nullptr) keys.push_back(row.key);
  }
  return keys;
}

}  // namespace

void settle_unknown_records(Session& session, Patience& patience) {
  auto& store = session.context.store;
  auto& destination = session.context.destination;
  if (!destination.supports(MUSTER_LOOKUP_1)) return;
  const auto keys = without_record(session);
  const std::size_t batch = destination.descriptor().max_batch;
  for (std::size_t begin = 0; begin < keys.size(); begin += batch) {
    session.check_going();
    std::vector<MemberRow> rows;
    std::vector<std::string> identifiers;
    for (auto i = begin; i < std::min(keys.size(), begin + batch); ++i) {
      auto row = store.member(session.sync.id, keys[i]);
      if (!row) continue;
      identifiers.push_back(session.unsealed(*row));
      rows.push_back(std::move(*row));
    }
    const auto records =
        look_up_all({destination, patience, session.sync.identifier_kind}, identifiers);
    Lease::Transaction transaction(session.lease);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (records[i].empty()) {
        store.forget_member(session.sync.id, rows[i].key);
        continue;
      }
      rows[i].record_id = records[i];
      store.put_member(session.sync.id, rows[i]);
    }
    transaction.commit();
  }
}

//! Some thousands in a transaction.
void write_rekeyed(Session& session, const std::vector<Rekeyed>& rekeyed) {
  auto& store = session.context.store;
  for (std::size_t begin = 0; begin < rekeyed.size(); begin += kTransaction) {
    session.check_going();
    Lease::Transaction transaction(session.lease);
    for (auto i = begin; i < std::min(rekeyed.size(), begin + kTransaction); ++i) {
      const auto& change = rekeyed[i];
      store.rekey_member(session.sync.id, change.from, change.to);
      auto row = store.member(session.sync.id, change.to);
      if (!row || row->sealed_identifier.empty()) continue;
      // A seal opens in its own row alone.
      row->sealed_identifier =
          session.sealed(change.to, session.spill.read(change.offset).identifier);
      store.put_member(session.sync.id, *row);
    }
    transaction.commit();
  }
}

void match_by_record(Session& session) {
  auto& context = session.context;
  auto patience = session.patience();
  const auto members = session.cohort.members().size();
  context.observer.on_progress({RunProgress::Phase::kMatching, 0, members});
  settle_unknown_records(session, patience);
  session.rekeyed =
      find_rekeyed({context.store, context.destination, patience, session.cohort, session.spill,
                    [&](std::uint64_t done, std::uint64_t total) {
                      session.check_going();
                      context.observer.on_progress({RunProgress::Phase::kMatching, done, total});
                    }},
                   session.sync.id, session.rules.kind);
}

void keep_matches(Session& session) {
  const auto& kind = session.rules.kind;
  write_rekeyed(session, session.rekeyed);
  session.context.observer.on_notice(
      fmt::format("members are identified as {} now, no longer as {}: {} of them are known by "
                  "their records and keep their places in the list",
                  kind, session.sync.identifier_kind, session.rekeyed.size()));
  session.sync.identifier_kind = kind;
  session.put_sync();
  session.rekeyed.clear();
}

}  // namespace muster
