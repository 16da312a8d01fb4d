// Of the promises: what is to be seen in the account itself, and on the disk.
#include <fmt/format.h>

#include <algorithm>

#include "simulation/promises.hpp"

namespace muster::simulation {

using simulator::ContactId;
using simulator::List;

//! The sync's list, by whatever name.
List* Promises::list() {
  List* newest = nullptr;
  for (auto& [id, list] : world_.hubspot.account().lists()) {
    if (!list.deleted) newest = &list;
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
  for (const auto& [id, contact] : world_.hubspot.account().contacts()) {
    const bool is_old = contact.properties.contains("firstname");
    if (is_old && contact.properties.at("firstname").rfind("Name", 0) != 0) {
      return violate("a property of an existing contact was written");
    }
    if (contact.archived) continue;
    if (!contact.email.empty() && !addresses.insert(contact.email).second) {
      return violate("a contact was created twice");
    }
    if (is_old) continue;
    if (!world_.draw.create_missing) return violate("a contact was created unasked");
    const bool is_renamed = contact.email.find("@example.net") != std::string::npos;
    if (!is_renamed && !world_.people.ever().contains(contact.email)) {
      return violate("a contact was created twice, under an address that no cohort had");
    }
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

//! Nobody's address stands in the state.
void Promises::check_state() {
  for (const auto* name : {"state.db", "state.db-wal"}) {
    const auto bytes = testing::read_file(world_.dir / ".muster" / name);
    for (const auto& person : world_.people.all()) {
      for (const auto& address : {person.email, person.alias}) {
        if (address.empty() || bytes.find(address) == std::string::npos) continue;
        return violate(fmt::format("an address stands in {}", name));
      }
    }
  }
}

void Promises::check_limit() {
  const auto refused = world_.hubspot.limiter().refused();
  if (world_.draw.others || refused == 0) return;
  violate(fmt::format("{} calls beyond the limit", refused));
}

}  // namespace muster::simulation
