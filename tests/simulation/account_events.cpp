#include "simulation/account_events.hpp"

#include <fmt/format.h>

#include <array>

namespace muster::simulation {

using simulator::ContactId;

std::vector<ContactId> AccountEvents::live() const {
  std::vector<ContactId> ids;
  for (const auto& [id, contact] : hubspot_.account().contacts()) {
    if (!contact.archived) ids.push_back(id);
  }
  return ids;
}

void AccountEvents::happen() {
  // A list that muster named again is known by that name again.
  if (list() == nullptr) list_name_ = kListName;
  using Event = void (AccountEvents::*)();
  constexpr std::array<Event, 11> kEvents{
      &AccountEvents::put_in, &AccountEvents::take_out, &AccountEvents::archive,
      &AccountEvents::merge, &AccountEvents::rename, &AccountEvents::delete_list,
      &AccountEvents::restore_list, &AccountEvents::change_address, &AccountEvents::add_address,
      // Of what is lost and made again, most can go wrong.
      &AccountEvents::delete_list, &AccountEvents::delete_list};
  const auto which = random_.pick(0, kEvents.size() + 1);
  if (which < kEvents.size()) return (this->*kEvents[which])();
  if (which == kEvents.size() && draw_.others) {
    hubspot_.limiter().use_by_others(random_.pick_signed(1, 100));
  } else if (which > kEvents.size() && draw_.oauth && random_.chance(0.3)) {
    hubspot_.oauth().uninstall_app();
    ledger_.uninstalled = true;
  }
}

void AccountEvents::happen_in_a_run() {
  in_a_run_ = true;
  happen();
  in_a_run_ = false;
}

void AccountEvents::put_in() {
  const auto ids = live();
  if (list() == nullptr || ids.empty()) return;
  const auto id = random_.one_of(ids);
  if (list()->members.contains(id)) return;
  hubspot_.account().add_member(*list(), id);
  ledger_.by_hand.insert(id);
}

void AccountEvents::take_out() {
  if (list() == nullptr || list()->members.empty()) return;
  const auto id = random_.one_of(list()->members).first;
  hubspot_.account().remove_member(*list(), id);
  ledger_.disturbed.insert(id);
  ledger_.by_hand.erase(id);
}

void AccountEvents::archive() {
  const auto ids = live();
  if (ids.empty()) return;
  auto& contact = *hubspot_.account().by_id(random_.one_of(ids));
  ledger_.disturbed.insert(contact.id);
  ledger_.by_hand.erase(contact.id);
  ledger_.former[contact.email].insert(contact.id);
  for (const auto& email : contact.additional_emails) ledger_.former[email].insert(contact.id);
  hubspot_.account().archive(contact);
}

void AccountEvents::merge() {
  const auto ids = live();
  if (ids.size() < 2) return;
  const auto a = random_.one_of(ids);
  const auto b = random_.one_of(ids);
  if (a == b) return;
  auto& account = hubspot_.account();
  ledger_.merged = true;
  const auto original = ledger_.originals.find(a);
  const bool was_created = original == ledger_.originals.end();
  const auto properties = was_created ? std::map<std::string, std::string>{} : original->second;
  const auto kept =
      account
          .merge(*account.by_id(a), *account.by_id(b), hubspot_.switches().merge_keeps_primary_id)
          .id;
  // The values of the first one win.
  for (const auto old : {a, b}) ledger_.originals.erase(old);
  if (!was_created) ledger_.originals[kept] = properties;
  for (const auto old : {a, b}) {
    if (ledger_.by_hand.erase(old) > 0) ledger_.by_hand.insert(kept);
    if (ledger_.known.contains(old)) ledger_.known.insert(kept);
    if (ledger_.present.contains(old)) ledger_.present.insert(kept);
    if (ledger_.ever.contains(old)) ledger_.ever.insert(kept);
    if (ledger_.disturbed.contains(old)) ledger_.disturbed.insert(kept);
    if (ledger_.silently_dropped.contains(old)) ledger_.silently_dropped.insert(kept);
    if (ledger_.believed_gone.contains(old)) ledger_.believed_gone.insert(kept);
    for (auto& [address, former] : ledger_.former) {
      if (former.contains(old)) former.insert(kept);
    }
  }
}

void AccountEvents::rename() {
  if (list() == nullptr) return;
  auto& renamed = *list();
  list_name_ = fmt::format("renamed by hand {}", random_.pick(0, 999));
  renamed.name = list_name_;
  if (!is_known_(renamed.id)) lose(renamed);
}

//! Whatever is in it from now on is no matter of the sync's.
void AccountEvents::lose(const simulator::List& list) {
  ledger_.lost_lists.insert(list.id);
  ledger_.by_hand.clear();
  list_name_ = kListName;
}

void AccountEvents::delete_list() {
  if (list() == nullptr) return;
  auto& gone = *list();
  gone.deleted = clock_.now();
  by_hand_in_deleted_ = std::exchange(ledger_.by_hand, {});
  present_at_deletion_ = ledger_.present;
  deleted_ = gone.id;
}

//! HubSpot restores a list for 90 days, unless its name was given to another one.
void AccountEvents::restore_list() {
  simulator::List* deleted = nullptr;
  for (auto& [id, list] : hubspot_.account().lists()) {
    if (!list.deleted) return;
    deleted = &list;
  }
  if (deleted == nullptr) return;
  deleted->deleted.reset();
  if (in_a_run_ && deleted->name != kListName) return lose(*deleted);
  list_name_ = deleted->name;
  take_back(*deleted);
}

void AccountEvents::note_restored() {
  auto* restored = hubspot_.account().list(deleted_);
  if (restored != nullptr && !restored->deleted) take_back(*restored);
}

void AccountEvents::follow_known_list() {
  for (const auto id : ledger_.lost_lists) {
    const auto* known = hubspot_.account().list(id);
    if (known == nullptr || known->deleted || !is_known_(id)) continue;
    if (const auto* other = list()) ledger_.lost_lists.insert(other->id);
    ledger_.lost_lists.erase(id);
    list_name_ = known->name;
    for (const auto& [contact, joined] : known->members) {
      if (!ledger_.known.contains(contact)) ledger_.by_hand.insert(contact);
    }
    return;
  }
}

void AccountEvents::take_back(simulator::List& restored) {
  if (restored.id != std::exchange(deleted_, 0)) return;
  for (const auto before : by_hand_in_deleted_) {
    const auto id = hubspot_.account().survivor(before);
    if (restored.members.contains(id)) ledger_.by_hand.insert(id);
  }
  // Who left while there was no list is in it again, and not because of muster.
  for (const auto before : present_at_deletion_) {
    const auto id = hubspot_.account().survivor(before);
    if (restored.members.contains(id) && !ledger_.present.contains(id)) ledger_.by_hand.insert(id);
  }
}

void AccountEvents::change_address() {
  const auto ids = live();
  if (ids.empty()) return;
  auto& contact = *hubspot_.account().by_id(random_.one_of(ids));
  const auto before = contact.email;
  const auto after = fmt::format("moved{}@example.net", random_.pick(0, 99'999));
  if (hubspot_.account().set_email(contact, after)) ledger_.former[before].insert(contact.id);
}

void AccountEvents::add_address() {
  const auto ids = live();
  if (ids.empty()) return;
  const auto address = fmt::format("later{}@example.net", random_.pick(0, 99'999));
  if (hubspot_.account().by_email(address) != nullptr) return;
  hubspot_.account().add_additional_email(*hubspot_.account().by_id(random_.one_of(ids)), address);
}

}  // namespace muster::simulation
