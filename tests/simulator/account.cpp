#include "simulator/account.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "cohort/csv_reader.hpp"

namespace muster::simulator {

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

std::vector<std::string> parts(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    if (end > 0) found.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

Account::Account(const Clock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

void Account::load_contacts(const std::filesystem::path& csv) {
  CsvReader reader(open_byte_stream(csv), csv.string(), ',');
  std::vector<std::string_view> cells;
  reader.next(cells);  // the header
  while (reader.next(cells)) {
    if (cells.size() < 5) throw std::runtime_error("a short row in " + csv.string());
    Contact contact;
    contact.id = std::stoull(std::string(cells[0]));
    contact.email = lower(cells[1]);
    for (const auto& email : parts(cells[2])) contact.additional_emails.push_back(lower(email));
    contact.archived = cells[3] == "true";
    for (const auto& id : parts(cells[4])) contact.merged_ids.push_back(std::stoull(id));
    contact.created = contact.updated = clock_.now();
    for (const auto id : contact.merged_ids) merged_into_[id] = contact.id;
    next_contact_ = std::max(next_contact_, contact.id + 1'000);
    if (!contact.archived) index(contact);
    contacts_[contact.id] = std::move(contact);
  }
}

void Account::load_refused_emails(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("can't read " + file.string());
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) refused_emails.insert(lower(line));
  }
}

void Account::index(Contact& contact) {
  if (!contact.email.empty()) emails_[contact.email] = contact.id;
  for (const auto& email : contact.additional_emails) emails_[email] = contact.id;
}

void Account::unindex(const Contact& contact) {
  const auto forget = [&](const std::string& email) {
    const auto found = emails_.find(email);
    if (found != emails_.end() && found->second == contact.id) emails_.erase(found);
  };
  forget(contact.email);
  for (const auto& email : contact.additional_emails) forget(email);
}

Contact* Account::by_email(const std::string& email, bool also_additional) {
  const auto found = emails_.find(email);
  if (found == emails_.end()) return nullptr;
  auto* contact = by_id(found->second);
  if (contact == nullptr || (!also_additional && contact->email != email)) return nullptr;
  return contact;
}

Contact* Account::by_id(ContactId id) {
  const auto found = contacts_.find(id);
  return found == contacts_.end() ? nullptr : &found->second;
}

ContactId Account::survivor(ContactId id) const {
  for (auto merged = merged_into_.find(id); merged != merged_into_.end();
       merged = merged_into_.find(id)) {
    id = merged->second;
  }
  return id;
}

Contact& Account::create(const std::string& email) {
  next_contact_ += 1 + random_() % 97;
  Contact contact;
  contact.id = next_contact_;
  contact.email = lower(email);
  contact.created = contact.updated = clock_.now();
  index(contact);
  return contacts_[contact.id] = std::move(contact);
}

bool Account::set_email(Contact& contact, const std::string& email) {
  const auto wanted = lower(email);
  const auto* owner = by_email(wanted);
  if (owner != nullptr && owner != &contact) return false;
  unindex(contact);
  contact.email = wanted;
  contact.updated = clock_.now();
  index(contact);
  return true;
}

void Account::add_additional_email(Contact& contact, const std::string& email) {
  contact.additional_emails.push_back(lower(email));
  index(contact);
}

void Account::archive(Contact& contact) {
  unindex(contact);
  contact.archived = true;
  contact.updated = clock_.now();
  for (auto& [id, list] : lists_) remove_member(list, contact.id);
}

Contact& Account::merge(Contact& primary, Contact& other, bool keeps_primary_id) {
  Contact merged = primary;
  unindex(primary);
  unindex(other);
  if (!keeps_primary_id) {
    next_contact_ += 1 + random_() % 97;
    merged.id = next_contact_;
    merged.merged_ids.push_back(primary.id);
    merged_into_[primary.id] = merged.id;
  }
  merged.merged_ids.push_back(other.id);
  merged_into_[other.id] = merged.id;
  for (const auto id : other.merged_ids) merged.merged_ids.push_back(id);
  if (!other.email.empty()) merged.additional_emails.push_back(other.email);
  for (const auto& email : other.additional_emails) merged.additional_emails.push_back(email);
  merged.updated = clock_.now();
  const auto primary_id = primary.id;
  const auto other_id = other.id;
  for (auto& [id, list] : lists_) {
    const bool member = list.members.contains(primary_id) || list.members.contains(other_id);
    remove_member(list, primary_id);
    remove_member(list, other_id);
    if (member) add_member(list, merged.id);
  }
  contacts_.erase(primary_id);
  contacts_.erase(other_id);
  index(merged);
  return contacts_[merged.id] = std::move(merged);
}

void Account::erase(Contact& contact) {
  unindex(contact);
  for (auto& [id, list] : lists_) remove_member(list, contact.id);
  contacts_.erase(contact.id);
}

List& Account::create_list(const std::string& name, const std::string& processing_type) {
  List list;
  list.id = next_list_++;
  list.name = name;
  list.processing_type = processing_type;
  list.created = list.updated = clock_.now();
  return lists_[list.id] = std::move(list);
}

List* Account::list(ListId id) {
  const auto found = lists_.find(id);
  return found == lists_.end() ? nullptr : &found->second;
}

List* Account::list_by_name(const std::string& name) {
  for (auto& [id, list] : lists_) {
    if (!list.deleted && lower(list.name) == lower(name)) return &list;
  }
  return nullptr;
}

void Account::add_member(List& list, ContactId contact) {
  if (!list.members.emplace(contact, clock_.now()).second) return;
  list.recent.push_back({clock_.now(), contact, true});
  ++list.version;
}

void Account::remove_member(List& list, ContactId contact) {
  if (list.members.erase(contact) == 0) return;
  list.recent.push_back({clock_.now(), contact, false});
  ++list.version;
}

std::vector<ContactId> Account::visible_members(const List& list, Milliseconds lag) const {
  std::set<ContactId> visible;
  for (const auto& [id, joined] : list.members) visible.insert(id);
  if (lag > Milliseconds{0}) {
    for (auto change = list.recent.rbegin(); change != list.recent.rend(); ++change) {
      if (change->at + lag <= clock_.now()) break;
      if (change->added) {
        visible.erase(change->contact);
      } else {
        visible.insert(change->contact);
      }
    }
  }
  return {visible.begin(), visible.end()};
}

}  // namespace muster::simulator
