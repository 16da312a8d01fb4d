// A HubSpot account's contacts and lists, and the rules that hold between them. No HTTP here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace muster::simulator {

using ContactId = std::uint64_t;
using ListId = std::uint64_t;

struct Contact {
  ContactId id = 0;
  std::string email;                              //!< lower case; may be empty
  std::vector<std::string> additional_emails;     //!< lower case
  std::map<std::string, std::string> properties;  //!< others
  std::vector<ContactId> merged_ids;
  bool archived = false;
  Instant created{};
  Instant updated{};
};

struct List {
  ListId id = 0;
  std::string name;
  std::string object_type = "0-1";
  std::string processing_type = "MANUAL";
  std::map<ContactId, Instant> members;  //!< with the time of their joining
  Instant created{};
  Instant updated{};
  std::optional<Instant> deleted;
  std::int64_t version = 1;
  //! For lagging reads: what was visible before recent changes, and when those were made.
  struct Change {
    Instant at;
    ContactId contact;
    bool added;
  };
  std::vector<Change> recent;
};

class Account {
 public:
  //! `seed` decides the gaps between ids and the order of shuffled results.
  explicit Account(const Clock& clock, std::uint64_t seed = 1);

  std::int64_t portal_id = 44'718'202;
  std::string domain = "example.com";
  //! Well-formed addresses that the account refuses to create.
  std::set<std::string> refused_emails;

  //! Reads contacts and refused addresses from files of the acceptance case's form.
  void load_contacts(const std::filesystem::path& csv);
  void load_refused_emails(const std::filesystem::path& file);

  //! The live contact of an address, primary or (when asked) secondary.
  Contact* by_email(const std::string& email, bool also_additional = true);
  Contact* by_id(ContactId id);               //!< also archived; not merged
  ContactId survivor(ContactId id) const;     //!< follows merges; the id itself when not merged
  Contact& create(const std::string& email);  //!< empty: without an address
  //! False when another live contact has the address.
  bool set_email(Contact& contact, const std::string& email);
  void add_additional_email(Contact& contact, const std::string& email);
  void archive(Contact& contact);
  //! The survivor: a new contact, or the primary one.
  Contact& merge(Contact& primary, Contact& other, bool keeps_primary_id);
  //! Forgets the person altogether.
  void erase(Contact& contact);
  const std::map<ContactId, Contact>& contacts() const { return contacts_; }

  List& create_list(const std::string& name, const std::string& processing_type = "MANUAL");
  List* list(ListId id);                        //!< also deleted
  List* list_by_name(const std::string& name);  //!< live; whatever the case
  std::map<ListId, List>& lists() { return lists_; }
  void add_member(List& list, ContactId contact);
  void remove_member(List& list, ContactId contact);
  //! The members as a read at this instant shows them when reads lag.
  std::vector<ContactId> visible_members(const List& list, Milliseconds lag) const;

  const Clock& clock() const { return clock_; }
  std::mt19937_64& random() { return random_; }

 private:
  void index(Contact& contact);
  void unindex(const Contact& contact);

  const Clock& clock_;
  std::mt19937_64 random_;
  std::map<ContactId, Contact> contacts_;
  std::unordered_map<std::string, ContactId> emails_;  //!< of live contacts
  std::unordered_map<ContactId, ContactId> merged_into_;
  std::map<ListId, List> lists_;
  ContactId next_contact_ = 171'000'000'000;
  ListId next_list_ = 9;
};

std::string lower(std::string_view text);
//! Addresses and ids in a cell are separated by ';'.
std::vector<std::string> parts(std::string_view text);

}  // namespace muster::simulator
