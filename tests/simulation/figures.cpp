#include "simulation/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace muster::simulation {
namespace {

using Ids = std::set<simulator::ContactId>;

std::uint64_t sum(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t total = 0;
  for (const auto& [reason, count] : counts) total += count;
  return total;
}

//! A run that did not come to know the cohort tells nothing of it.
std::string fault_without_a_cohort(const RunResult& result) {
  const auto& f = result.run.figures;
  const auto all = f.rows + f.members + f.listed + f.added + f.removed + f.created + f.to_retry;
  if (all + sum(f.dropped) > 0) return "there are figures of a cohort that was not read";
  return result.error ? "" : "a run that read no cohort ended well";
}

//! The contacts that rows of this kind name, by whatever id they have today.
Ids named(const std::vector<Told>& told, std::string_view operation, std::string_view outcome,
          const simulator::Account& account) {
  Ids ids;
  for (const auto& row : told) {
    if (row.operation != operation || row.outcome != outcome || row.record_id.empty()) continue;
    ids.insert(account.survivor(std::stoull(row.record_id)));
  }
  return ids;
}

std::uint64_t count(const std::vector<Told>& told, std::string_view operation,
                    std::string_view outcome) {
  return static_cast<std::uint64_t>(std::count_if(told.begin(), told.end(), [&](const auto& row) {
    return row.operation == operation && row.outcome == outcome;
  }));
}

//! Removals that are told as done, and of which the reading saw that they were not.
std::uint64_t seen_again(const std::vector<Told>& told, const simulator::Account& account) {
  const auto survivor = [&](const Told& row) {
    return account.survivor(std::stoull(row.record_id));
  };
  Ids again;
  for (const auto& row : told) {
    if (row.detail == "SEEN_IN_LIST") again.insert(survivor(row));
  }
  return static_cast<std::uint64_t>(std::count_if(told.begin(), told.end(), [&](const auto& row) {
    return row.operation == "remove" && row.outcome == "removed" && again.contains(survivor(row));
  }));
}

bool holds_all(const Ids& all, const Ids& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

std::string fault_in_sums(const RunResult& result, const People& people,
                          const std::map<std::string, Claim>& claims) {
  const auto& f = result.run.figures;
  if (!result.cohort_was_read) return fault_without_a_cohort(result);
  if (f.rows != f.members + f.duplicates) return "rows are not members and duplicates";
  if (f.members != f.listed + sum(f.dropped) + f.to_retry) {
    return "members are not listed, dropped and to be retried";
  }
  if (f.listed != f.added + f.unchanged) return "the listed are not the added and the unchanged";
  const bool everyone = f.listed == f.members && f.to_retry == 0;
  if (result.run.status == RunStatus::kSucceeded && !everyone) {
    return "a run with drops is called succeeded";
  }
  if (f.rows != people.rows().size() || f.members != claims.size()) {
    return "rows or members of the cohort are not counted";
  }
  std::map<std::string, std::uint64_t> dropped;
  std::uint64_t to_retry = 0;
  std::uint64_t added = 0;
  for (const auto& [source_id, claim] : claims) {
    if (claim.kind == Claim::Kind::kDropped) ++dropped[claim.reason];
    if (claim.kind == Claim::Kind::kToRetry) ++to_retry;
    if (claim.is_newly) ++added;
  }
  if (dropped != f.dropped) return "the report drops others than the figures";
  if (to_retry != f.to_retry) return "the report retries others than the figures";
  if (added != f.added) return "the report adds others than the figures";
  return {};
}

std::string fault_in_changes(const RunResult& result, const std::vector<Told>& told,
                             const SeenChanges& seen, const simulator::Account& account,
                             bool is_hidden) {
  const auto& f = result.run.figures;
  if (f.created > seen.created.size() + seen.created_by_the_dead)
    return "more contacts are called created than were";
  // A member that leaves while another one is the same contact is removed, and the list unchanged.
  // Who is seen in it all the same is counted by the run that takes them out.
  const auto removed = count(told, "remove", "removed") - seen_again(told, account);
  if (f.removed < removed || f.removed > removed + count(told, "remove", "unchanged")) {
    return "the report removes others than the figures";
  }
  if (is_hidden || seen.list_was_gone) return {};
  if (f.created < seen.created.size()) return "contacts were created and are not counted";
  if (!holds_all(named(told, "add", "added", account), seen.added)) {
    return "the account saw others added than the report tells";
  }
  const auto gone = named(told, "remove", "removed", account);
  if (!holds_all(gone, seen.removed)) return "the account saw others removed than the report tells";
  if (!holds_all(seen.removed, gone)) return "the report removes whom the account did not";
  return {};
}

}  // namespace muster::simulation
