// Of the promises: what is to be seen in the account itself, and on the disk.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "simulation/promises.hpp"

namespace muster::simulation {

using simulator::ContactId;
using simulator::List;

//! The sync's list, by whatever name.
List* Promises::list() {
  List* newest = nullptr;
  for (auto& [id, list] : world_.hubspot.account().lists()) {
    if (!list.deleted && !world_.events.ledger().lost_lists.contains(id)) newest = &list;
  }
  return newest;
}

Promises::Ids Promises::contacts_of(const std::string& who) {
  auto& account = world_.hubspot.account();
  Ids ids;
  const auto add = [&](ContactId id) {
    const auto* contact = account.by_id(account.survivor(id));
    if (contact != nullptr && !contact->archived) ids.insert(contact->id);
  };
  if (world_.draw.by_email) {
    if (const auto* contact = account.by_email(who)) ids.insert(contact->id);
    const auto former = world_.events.ledger().former.find(who);
    if (former != world_.events.ledger().former.end()) {
      for (const auto id : former->second) add(id);
    }
  } else {
    add(std::stoull(who));
  }
  return ids;
}

Promises::Ids Promises::contacts_of_cohort() {
  Ids all;
  for (const auto& who : world_.people.cohort()) {
    const auto ids = contacts_of(who);
    all.insert(ids.begin(), ids.end());
  }
  return all;
}

bool Promises::is_listed(const std::string& who, const List& list) {
  const auto ids = contacts_of(who);
  return std::any_of(ids.begin(), ids.end(), [&](auto id) { return list.members.contains(id); });
}

bool Promises::was_disturbed(const std::string& who) {
  const auto& ledger = world_.events.ledger();
  auto ids = contacts_of(who);
  if (!world_.draw.by_email) {
    ids.insert({std::stoull(who), world_.hubspot.account().survivor(std::stoull(who))});
  }
  const auto former = ledger.former.find(who);
  if (former != ledger.former.end()) ids.insert(former->second.begin(), former->second.end());
  return std::any_of(ids.begin(), ids.end(),
                     [&](auto id) { return ledger.disturbed.contains(id); });
}

//! Whether HubSpot tells, today, which contact an identifier means.
bool Promises::can_be_found(const std::string& who) {
  auto& account = world_.hubspot.account();
  if (!world_.draw.by_email) return !contacts_of(who).empty();
  const auto* contact = account.by_email(who);
  if (contact == nullptr) return false;
  const auto& switches = world_.hubspot.switches();
  if (contact->email == who || switches.additional_emails_match_read) return true;
  // A creation that conflicts may name the contact.
  return world_.draw.create_missing && switches.conflict_ids != "none" &&
         switches.required_on_create.empty();
}

bool Promises::can_be_created(const std::string& who) {
  auto& account = world_.hubspot.account();
  return world_.draw.create_missing && account.by_email(who) == nullptr &&
         !account.refused_emails.contains(who) &&
         world_.hubspot.switches().required_on_create.empty();
}

void Promises::check_contacts() {
  std::set<std::string> addresses;
  const auto& originals = world_.events.ledger().originals;
  for (const auto& [id, contact] : world_.hubspot.account().contacts()) {
    const auto wrong = fault_in_properties(contact);
    if (!wrong.empty()) return violate(wrong);
    if (contact.archived) continue;
    if (!contact.email.empty() && !addresses.insert(contact.email).second) {
      return violate("a contact was created twice");
    }
    const bool is_old = originals.contains(id);
    if (!is_old && !world_.draw.create_missing) return violate("a contact was created unasked");
  }
}

//! Of a contact that was there nothing is written but what is mapped, and that only where it stands
//! for a member; a new one has no more than that.
std::string Promises::fault_in_properties(const simulator::Contact& contact) {
  const auto& ledger = world_.events.ledger();
  const auto original = ledger.originals.find(contact.id);
  const bool is_old = original != ledger.originals.end();
  auto expected = is_old ? original->second : std::map<std::string, std::string>{};
  auto found = contact.properties;
  if (world_.draw.properties && (!is_old || ledger.ever.contains(contact.id))) {
    expected.erase("company");
    found.erase("company");
  }
  if (found == expected) return {};
  return is_old ? "a property of an existing contact was written"
                : "a contact was created with a property that is not mapped";
}

//! Contacts are made of today's members alone, each by its own address.
void Promises::check_created(const SeenChanges& seen) {
  for (const auto& [id, email] : seen.created) {
    if (world_.people.cohort().contains(email)) continue;
    return violate("a contact was created of nobody in the cohort");
  }
}

//! A listed member's contact has the values of the cohort, but for contacts that others made one of
//! several.
void Promises::check_values(const CohortRow& row) {
  const auto ids = contacts_of(row.canonical);
  if (row.company.empty() || ids.size() != 1 || was_disturbed(row.canonical)) return;
  const auto& contact = *world_.hubspot.account().by_id(*ids.begin());
  if (!contact.merged_ids.empty()) return;
  const auto value = contact.properties.find("company");
  if (value != contact.properties.end() && value->second == row.company) return;
  violate(fmt::format("{} is listed without the value of today", row.canonical));
}

//! Nobody's address stands in the state, in whatever case: all of them are at example.com or one
//! of its sisters. Reports name people, and are the user's.
void Promises::check_state() {
  for (const auto& file : std::filesystem::directory_iterator(world_.dir / ".muster")) {
    if (!file.is_regular_file()) continue;
    const auto bytes = simulator::lower(testing::read_file(file.path()));
    for (const auto* mark : {"@example.", "%40example."}) {
      if (bytes.find(mark) == std::string::npos) continue;
      return violate(fmt::format("an address stands in {}", file.path().filename().string()));
    }
  }
}

//! One process keeps to the share of the limit that it was given, and no request of any is refused
//! where nobody else uses the account.
void Promises::check_limit(const SeenChanges& seen) {
  const auto limit = world_.hubspot.switches().burst_limit;
  const auto share = static_cast<std::size_t>(limit * world_.draw.rate_share / 100);
  if (limit > 0 && seen.most_in_ten_seconds > std::max<std::size_t>(1, share)) {
    violate(fmt::format("{} calls in ten seconds, and the share is {}", seen.most_in_ten_seconds,
                        share));
  }
  const auto refused = world_.hubspot.limiter().refused();
  if (world_.draw.others || refused == 0) return;
  violate(fmt::format("{} calls beyond the limit", refused));
}

}  // namespace muster::simulation
