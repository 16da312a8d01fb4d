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
  std::set<simulator::ContactId> silently_dropped;  //!< HubSpot said "added", and did not add
  std::set<simulator::ContactId> touched;           //!< ever stood for a member of the cohort
  //! Which muster can't have found again: renamed before it had learnt the id, or restored under
  //! another name while a run that had found it gone was making another.
  std::set<std::uint64_t> lost_lists;
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
        is_known_(std::move(is_known)) {}

  //! Something happens, or nothing that could; between runs, or before a request of one.
  void happen();
  void happen_in_a_run();
  Ledger& ledger() { return ledger_; }
  const Ledger& ledger() const { return ledger_; }

 private:
  simulator::List* list() { return hubspot_.account().list_by_name(list_name_); }
  void put_in();
  void take_out();
  void archive();
  void merge();
  void rename();
  void delete_list();
  void restore_list();
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
  std::vector<simulator::ContactId> live() const;
};

}  // namespace muster::simulation
