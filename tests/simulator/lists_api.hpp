// The lists endpoints of the simulated HubSpot (hubspot/api.md §5).
#pragma once

#include "simulator/account.hpp"
#include "simulator/errors.hpp"
#include "simulator/json_fields.hpp"
#include "simulator/switches.hpp"

namespace muster::simulator {

class ListsApi {
 public:
  ListsApi(Account& account, const Switches& switches) : account_(account), switches_(switches) {}

  //! `rest` is the path behind ".../lists"; `version` its version segment.
  SimResponse handle(const SimRequest& request, const std::vector<std::string>& rest,
                     const std::string& version);
  static std::vector<std::string> scopes(const SimRequest& request,
                                         const std::vector<std::string>& rest);
  //! So many ids of the next membership write are dropped in silence.
  void drop_members(std::size_t count) { to_drop_ = count; }
  //! So many ids of the next membership write are told as removed, and stay.
  void keep_members(std::size_t count) { to_keep_ = count; }
  void be_honest() { to_drop_ = to_keep_ = 0; }
  //! Whether one of the two is still to come.
  bool is_to_lie() const { return to_drop_ + to_keep_ > 0; }

 private:
  SimResponse create(const SimRequest& request);
  SimResponse rename(const SimRequest& request, List& list);
  SimResponse restore(List& list);
  //! Lists by name and kind: `search`, with offsets; `all`, with cursors, since 2026-09.
  SimResponse search(const SimRequest& request);
  SimResponse all(const SimRequest& request);
  SimResponse memberships(const SimRequest& request, List& list,
                          const std::vector<std::string>& rest);
  SimResponse page(const SimRequest& request, const List& list, bool by_join_order);
  SimResponse change(const SimRequest& request, List& list, const std::string& operation);
  SimResponse records(const SimRequest& request, const std::vector<std::string>& rest);
  json::object memberships_of(ContactId id) const;
  json::object shown(const List& list) const;
  SimResponse duplicate_name() const;
  SimResponse delete_all_members(List& list);

  Account& account_;
  const Switches& switches_;
  std::size_t to_drop_ = 0;
  std::size_t to_keep_ = 0;
};

}  // namespace muster::simulator
