// The contact list that is the audience: made, found, adopted or refused, renamed, changed when the
// user asks (hubspot/api.md §5). One thread.
#pragma once

#include <string>
#include <string_view>

#include "api.hpp"

namespace muster::hubspot {

class Lists {
 public:
  explicit Lists(Api& api) : api_(api) {}

  //! The id of the list for `request`; makes it when there is none, telling `sink` before and
  //! after. Throws Failure: AUDIENCE_TAKEN, AUDIENCE_GONE, UNAVAILABLE.
  std::string ensure(const muster_sync_request& request, const muster_sync_sink& sink);
  //! Throws Failure when the list is gone, or is none that members can be written to.
  void check(std::string_view id);
  void rename(std::string_view id, std::string_view name);
  //! Takes everyone out. A list that is gone is empty.
  void empty(std::string_view id);
  //! Deletes it; deleted twice is deleted.
  void remove(std::string_view id);
  //! Gives a deleted list back, with its members; only within 90 days.
  void restore(std::string_view id);

 private:
  std::string adopt(const json::value& list, const muster_sync_request& request) const;
  std::string create(const muster_sync_request& request, const muster_sync_sink& sink);
  bool remove_some(std::string_view id);
  Answer call(const char* method, std::string path, std::string body = {});

  Api& api_;
};

//! What an answer that is no success means for a call about one list.
[[noreturn]] void throw_list_failure(Api& api, const Answer& answer, const char* what);

}  // namespace muster::hubspot
