// What one process did in the account, as the account saw it: what its report and its figures must
// agree with. What others do between two requests is not of it.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulator/hubspot.hpp"

namespace muster::simulation {

struct SeenChanges {
  std::set<simulator::ContactId> added;                 //!< to a list
  std::set<simulator::ContactId> removed;               //!< from a list
  std::map<simulator::ContactId, std::string> created;  //!< contacts, with their addresses
  //! Contacts that a process made which died shortly before, and counted by none: by their age they
  //! may be this one's.
  std::size_t created_by_the_dead = 0;
  bool token_was_refused_again = false;  //!< two requests met a 401
  //! Requests that the limit counts, once an answer has told it.
  std::size_t most_in_ten_seconds = 0;
  bool list_was_gone = false;  //!< a request was told so
};

class AccountWatch {
 public:
  AccountWatch(simulator::HubSpot& hubspot, const Clock& clock)
      : hubspot_(hubspot), clock_(clock) {}

  //! A process begins.
  void begin();
  //! It died: nobody heard what it had done.
  void note_death();
  //! Answers the request, and notes what it changed.
  simulator::SimResponse handle(const simulator::SimRequest& request);
  const SeenChanges& seen() const { return seen_; }

 private:
  void note_limit(const simulator::SimResponse& response);
  void note_pace(const simulator::SimRequest& request);
  void note_gone(const simulator::SimRequest& request, int status);
  void note_lists(const std::map<simulator::ListId, std::size_t>& before);
  void note_contacts(simulator::ContactId newest_before);

  simulator::HubSpot& hubspot_;
  const Clock& clock_;
  std::optional<Milliseconds> knows_limit_at_;
  std::deque<Milliseconds> requests_;  //!< of the last ten seconds
  SeenChanges seen_;
  int refused_tokens_ = 0;
  std::vector<Milliseconds> created_by_the_dead_;  //!< when
};

}  // namespace muster::simulation
