#include "simulation/promises.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace muster::simulation {

using simulator::ContactId;
using simulator::List;

namespace {

//! Fewer are not stopped by their share (the guard's own rule).
constexpr std::uint64_t kGuarded = 20;

}  // namespace

void Promises::violate(const std::string& what) {
  if (violations_.size() < 6) violations_.push_back(fmt::format("run {}: {}", world_.runs, what));
  if (world_.verbose) fmt::print("VIOLATION {}\n", what);
}

void Promises::look_before() {
  const auto* ours = list();
  list_before_ = ours == nullptr ? std::nullopt : std::optional(*ours);
  note_members();
  members_before_ = world_.members();
}

void Promises::check_after(const ProcessEnd& end) {
  note_members();
  check_contacts();
  check_created(end.seen);
  check_state();
  check_limit(end.seen);
  if (auto* ours = list()) {
    check_strangers(*ours);
    if (!end.disturbed) check_stays(*ours);
  }
  // A write that fails may be told of and not be known: the run has failed, and says so.
  if (!end.result || end.store_failed) return;
  check_outcomes(end);
  note_proof(end);
}

//! One outcome for each member, and the figures that follow from them.
void Promises::check_outcomes(const ProcessEnd& end) {
  const auto& result = *end.result;
  const auto told = rows_of(result);
  const auto claims = claims_of(told, world_.people);
  const bool lags = world_.hubspot.switches().membership_lag_ms > 0;
  // A removal by the id of before a merge may take the survivor out, which is then sent again
  // (hubspot/api.md §4.7 does not know).
  const bool takes_along =
      world_.events.ledger().merged && !world_.hubspot.switches().merged_ids_are_missing;
  const bool calm = !end.disturbed && !end.met_faults && !lags && !takes_along;
  for (const auto& wrong : {fault_in_sums(result, world_.people, claims),
                            fault_in_outcomes(told, world_.people, {calm, end.seen.list_was_gone}),
                            fault_in_changes(result, told, end.seen, world_.hubspot.account(),
                                             end.disturbed || end.met_faults)}) {
    if (!wrong.empty()) violate(wrong);
  }
  if (!end.disturbed) check_claims_of_proof(result, claims);
}

//! An empty cohort takes nobody out, and no run more than the sync allows of those who are listed.
//! What a run before had begun goes on.
void Promises::check_guard(const ProcessEnd& end) {
  if (world_.draw.remove_strangers) return;  // strangers are judged apart
  const auto removed = end.seen.removed.size();
  const auto& [listed, doubtful] = members_before_;
  if (world_.people.cohort().empty() && removed > 0) violate("an empty cohort emptied the list");
  if (!world_.draw.max_removals || listed < kGuarded) return;
  const auto allowed = static_cast<std::uint64_t>(*world_.draw.max_removals) * listed / 100;
  if (removed > allowed + doubtful) violate("more were removed than the guard allows");
}

//! The contacts that muster may take for its members from now on.
void Promises::note_members() {
  auto& ledger = world_.events.ledger();
  ledger.present = contacts_of_cohort();
  ledger.known.insert(ledger.present.begin(), ledger.present.end());
  ledger.ever.insert(ledger.present.begin(), ledger.present.end());
}

//! A run that came to its end, and left nobody to be removed, knows nobody but the cohort.
void Promises::note_proof(const ProcessEnd& end) {
  const auto& result = *end.result;
  const auto& verified = result.run.figures.verified;
  if (result.error || end.disturbed || (verified && verified->leavers > 0)) return;
  const auto told = rows_of(result);
  const bool some_stay = std::any_of(told.begin(), told.end(), [](const auto& row) {
    return row.operation == "remove" && (row.outcome == "to_retry" || row.outcome == "not_removed");
  });
  if (!some_stay) world_.events.ledger().known = contacts_of_cohort();
}

//! Whom a run calls listed after it has read the list is in the list, whatever went wrong.
void Promises::check_claims_of_proof(const RunResult& result,
                                     const std::map<std::string, Claim>& claims) {
  const bool may_lag = world_.hubspot.switches().membership_lag_ms > 0;
  auto* ours = list();
  if (!result.run.figures.verified || ours == nullptr || may_lag) return;
  for (const auto& row : world_.people.rows()) {
    if (row.duplicate || row.canonical.empty()) continue;
    if (claims.at(row.source_id).kind != Claim::Kind::kListed) continue;
    if (!is_listed(row.canonical, *ours)) {
      violate(fmt::format("{} is called listed, the list was read, and lacks it", row.source_id));
    }
  }
}

void Promises::check_at_rest(const RunResult& last) {
  auto* ours = list();
  const bool some_listed = last.run.figures.listed > 0;
  if (ours == nullptr && some_listed) violate("members are called listed, and there is no list");
  const auto claims = claims_of(rows_of(last), world_.people);
  for (const auto& row : world_.people.rows()) {
    const auto claim = claims.find(row.source_id);
    if (claim == claims.end()) continue;
    if (row.canonical.empty()) {
      const bool told = claim->second.kind == Claim::Kind::kDropped;
      if (!told) violate("a row without an identifier is not told as dropped");
      continue;
    }
    check_member(row.canonical, claim->second, ours);
    if (claim->second.kind == Claim::Kind::kListed && !row.duplicate) check_values(row);
  }
  if (ours != nullptr) check_list(*ours);
}

void Promises::check_member(const std::string& who, const Claim& claim, const List* ours) {
  switch (claim.kind) {
    case Claim::Kind::kToRetry:
      return violate(fmt::format("{} is still to be retried", who));
    case Claim::Kind::kDropped: {
      const auto wrong = fault_in_drop(who, claim.reason);
      if (!wrong.empty()) violate(fmt::format("{} is dropped as {}: {}", who, claim.reason, wrong));
      return;
    }
    case Claim::Kind::kListed:
      break;
  }
  if (ours != nullptr && is_listed(who, *ours)) return;
  if (!world_.draw.verify && can_be_missed(who)) return;
  violate(fmt::format("{} is called listed, and is not", who));
}

//! Without a read-back nobody learns that others took a member out, that HubSpot lied, or that
//! others merged two members into one: when that one leaves under its own name, the other goes with
//! it.
bool Promises::can_be_missed(const std::string& who) {
  const auto& ledger = world_.events.ledger();
  const auto ids = contacts_of(who);
  const auto one_of = [&](const Ids& others) {
    return std::any_of(ids.begin(), ids.end(), [&](auto id) { return others.contains(id); });
  };
  const bool merged = std::any_of(ids.begin(), ids.end(), [&](auto id) {
    return !world_.hubspot.account().by_id(id)->merged_ids.empty();
  });
  return was_disturbed(who) || one_of(ledger.silently_dropped) || merged;
}

//! Why a drop that is told at rest is wrong; empty: it is right.
std::string Promises::fault_in_drop(const std::string& who, const std::string& reason) {
  if (reason == "not_found") {
    if (world_.draw.create_missing && can_be_created(who)) return "it could be created";
    return can_be_found(who) ? "it could be found" : "";
  }
  if (reason == "rejected_by_destination") {
    return can_be_found(who) || can_be_created(who) ? "HubSpot has no reason to refuse it" : "";
  }
  if (reason == "drifted") {
    if (world_.draw.repair) return "it was to be repaired";
    return was_disturbed(who) ? "" : "nobody else touched it";
  }
  return "there is no such reason at rest";
}

void Promises::check_list(const List& ours) {
  const auto& ledger = world_.events.ledger();
  Ids justified;
  for (const auto& who : world_.people.cohort()) {
    const auto ids = contacts_of(who);
    justified.insert(ids.begin(), ids.end());
  }
  for (const auto& [id, joined] : ours.members) {
    const bool by_hand = ledger.by_hand.contains(id);
    // Both an answer and a reading said that they are out.
    if (ledger.believed_gone.contains(id) && !world_.draw.remove_strangers) continue;
    if (justified.contains(id) || (by_hand && !world_.draw.remove_strangers)) continue;
    violate(fmt::format("{} is left in the list", id));
  }
  int lists = 0;
  for (const auto& [id, list] : world_.hubspot.account().lists()) {
    lists += list.deleted || ledger.lost_lists.contains(id) ? 0 : 1;
  }
  if (lists > 1) violate("there is more than one list");
}

//! Who is of the cohort before a run and behind it does not leave the list to enter it again, by
//! whatever identifier. Of a merged contact HubSpot may take the survivor out.
void Promises::check_stays(const List& ours) {
  if (!list_before_ || list_before_->id != ours.id) return;
  for (const auto& who : world_.people.cohort()) {
    for (const auto id : contacts_of(who)) {
      const auto before = list_before_->members.find(id);
      const auto now = ours.members.find(id);
      if (before == list_before_->members.end() || now == ours.members.end()) continue;
      const bool merged = !world_.hubspot.account().by_id(id)->merged_ids.empty();
      if (before->second == now->second || merged) continue;
      return violate(fmt::format("{} left the list and entered it again", who));
    }
  }
}

//! Whom others put in stays as they want it, but for those whom muster has, or had, in its charge.
void Promises::check_strangers(const List& ours) {
  auto& ledger = world_.events.ledger();
  if (world_.draw.remove_strangers) return;
  std::erase_if(ledger.by_hand, [&](auto id) {
    if (ours.members.contains(id)) return false;
    if (!ledger.known.contains(id)) {
      violate(fmt::format("the stranger {} was taken out of the list", id));
    }
    return true;
  });
}

}  // namespace muster::simulation
