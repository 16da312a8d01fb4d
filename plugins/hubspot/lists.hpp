// The contact list that is the audience: made, found, adopted or refused, renamed, changed when the
// user asks (hubspot/api.md §5). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "announcement.hpp"
#include "api.hpp"

namespace muster::hubspot {

class Lists {
 public:
  Lists(const sdk::Host& host, Api& api) : host_(host), api_(api) {}

  //! The id of the list for `request`; makes it when there is none, telling `sink` before and
  //! after. Throws Failure: AUDIENCE_TAKEN, AUDIENCE_GONE, UNAVAILABLE.
  std::string ensure(const muster_sync_request& request, const muster_sync_sink& sink);
  //! Whether this instance made it, and not on an earlier attempt whose answer was lost.
  bool has_made(std::string_view id) const noexcept { return !id.empty() && made_ == id; }
  //! As `check`, once for each list: before contacts are created for it.
  void require(std::string_view id);
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
  std::string take_over(const json::value& list, const muster_sync_request& request,
                        const muster_sync_sink& sink);
  std::string adopt(const json::value& list, std::string_view name, bool allowed) const;
  bool is_of_another_time(const json::value& list, std::string_view name) const;
  void announce(const muster_sync_request& request, const muster_sync_sink& sink);
  std::optional<Announcement> announced(std::string_view name) const;
  void forget_announcement(std::string_view name);
  std::optional<json::value> search(std::string_view name);
  std::string create(const muster_sync_request& request, const muster_sync_sink& sink);
  void take_back(const muster_sync_sink& sink, std::string_view name);
  bool remove_some(std::string_view id, std::unordered_set<std::string>& removed);
  Answer call(const char* method, std::string path, std::string body = {});

  sdk::Host host_;
  Api& api_;
  std::string required_;        //!< the list that is known to be there, and to be one to write to
  std::string made_;            //!< the list that this instance made
  std::string announced_name_;  //!< of the creation that this instance announced
};

}  // namespace muster::hubspot
