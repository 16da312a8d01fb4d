// What other people do in the HubSpot account, between runs and in the midst of them, and a ledger
// of it: by it the promises tell what muster may report from what it must have put right.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "simulation/draw.hpp"
#include "simulator/hubspot.hpp"

namespace muster::simulation {

inline constexpr const char* kListName = "amplitude_Power Users";

struct Ledger {
  std::set<simulator::ContactId> by_hand;    //!< in the list because others put them there
  std::set<simulator::ContactId> disturbed;  //!< taken out by others, or archived, or merged away
  //! Contacts that an address once led to, and does not any more.
  std::map<std::string, std::set<simulator::ContactId>> former;
  //! HubSpot said "removed", and did not remove; and a reading of the list left them out: no run
  //! can know of them.
  std::set<simulator::ContactId> believed_gone;
  std::set<simulator::ContactId> silently_dropped;  //!< HubSpot said "added", and did not add
  //! Stood for a member since a run last proved that all who had left are gone: muster may remove
  //! them, whoever puts them in. Kept by Promises, like the two that follow.
  std::set<simulator::ContactId> known;
  std::set<simulator::ContactId> present;  //!< stand for a member of the cohort that was last sent
  std::set<simulator::ContactId> ever;     //!< stood for a member on any day
  //! The properties of contacts that muster did not create, as others wrote them.
  std::map<simulator::ContactId, std::map<std::string, std::string>> originals;
  //! Which muster can't have found again: renamed before it had learnt the id, or restored under
  //! another name while a run that had found it gone was making another.
  std::set<std::uint64_t> lost_lists;
  bool merged = false;       //!< some contacts were, on any day
  bool uninstalled = false;  //!< the app; until somebody connects again
};

class AccountEvents {
 public:
  //! `is_known` tells whether muster's state has the id of a list.
  AccountEvents(Random& random, const Draw& draw, simulator::HubSpot& hubspot, Clock& clock,
                std::function<bool(std::uint64_t)> is_known)
      : random_(random),
        draw_(draw),
        hubspot_(hubspot),
        clock_(clock),
        is_known_(std::move(is_known)) {
    for (const auto& [id, contact] : hubspot.account().contacts()) {
      ledger_.originals[id] = contact.properties;
    }
  }

  //! Something happens, or nothing that could; between runs, or before a request of one.
  void happen();
  void happen_in_a_run();
  //! Muster restored the list.
  void note_restored();
  //! Muster may have come back to a list that was taken for lost: it died before it had written
  //! down that it made another, which nobody needs.
  void follow_known_list();
  //! The sync's, by the name that people there know.
  simulator::List* list() { return hubspot_.account().list_by_name(list_name_); }
  //! It was deleted, and there is no other yet.
  bool list_is_deleted() { return deleted_ != 0 && list() == nullptr; }
  Ledger& ledger() { return ledger_; }
  const Ledger& ledger() const { return ledger_; }

 private:
  void put_in();
  void take_out();
  void archive();
  void merge();
  void rename();
  void lose(const simulator::List& list);
  void delete_list();
  void restore_list();
  void take_back(simulator::List& restored);
  void change_address();
  void add_address();

  Random& random_;
  const Draw& draw_;
  simulator::HubSpot& hubspot_;
  Clock& clock_;
  std::function<bool(std::uint64_t)> is_known_;
  Ledger ledger_;
  bool in_a_run_ = false;
  std::string list_name_ = kListName;  //!< as people there know it
  std::set<simulator::ContactId> by_hand_in_deleted_;
  std::set<simulator::ContactId> present_at_deletion_;
  simulator::ListId deleted_ = 0;  //!< whom the two are of; 0: none
  std::vector<simulator::ContactId> live() const;
};

}  // namespace muster::simulation
