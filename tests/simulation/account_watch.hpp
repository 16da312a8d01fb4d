// What one process did in the account, as the account saw it: what its report and its figures must
// agree with. What others do between two requests is not of it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "simulator/hubspot.hpp"

namespace muster::simulation {

struct SeenChanges {
  std::set<simulator::ContactId> added;                 //!< to a list
  std::set<simulator::ContactId> removed;               //!< from a list
  std::map<simulator::ContactId, std::string> created;  //!< contacts, with their addresses
  bool list_was_gone = false;                           //!< a request was told so
};

class AccountWatch {
 public:
  explicit AccountWatch(simulator::HubSpot& hubspot) : hubspot_(hubspot) {}

  //! A process begins.
  void begin() { seen_ = {}; }
  //! Answers the request, and notes what it changed.
  simulator::SimResponse handle(const simulator::SimRequest& request);
  const SeenChanges& seen() const { return seen_; }

 private:
  void note_gone(const simulator::SimRequest& request, int status);
  void note_lists(const std::map<simulator::ListId, std::size_t>& before);
  void note_contacts(simulator::ContactId newest_before);

  simulator::HubSpot& hubspot_;
  SeenChanges seen_;
};

}  // namespace muster::simulation
