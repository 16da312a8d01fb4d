// The contacts endpoints of the simulated HubSpot (hubspot/api.md §4).
#pragma once

#include "simulator/account.hpp"
#include "simulator/errors.hpp"
#include "simulator/switches.hpp"

namespace muster::simulator {

class ContactsApi {
 public:
  ContactsApi(Account& account, const Switches& switches)
      : account_(account), switches_(switches) {}

  //! `rest` is the path behind ".../contacts"; `version` its version segment.
  SimResponse handle(const SimRequest& request, const std::vector<std::string>& rest,
                     const std::string& version);
  static bool is_search(const std::vector<std::string>& rest);
  static std::vector<std::string> scopes(const SimRequest& request,
                                         const std::vector<std::string>& rest);

 private:
  struct BatchAnswer {
    json::array results;
    json::array errors;
    std::size_t inputs = 0;
  };
  SimResponse batch(const SimRequest& request, const std::string& operation,
                    const std::string& version);
  SimResponse read(const json::object& body, const json::array& inputs, bool archived);
  SimResponse create(const json::array& inputs, const std::string& version);
  SimResponse update(const json::array& inputs, const std::string& version);
  SimResponse upsert(const json::array& inputs, const std::string& version);
  SimResponse archive(const json::array& inputs);
  SimResponse merge(const json::object& body);
  SimResponse erase(const json::object& body);
  SimResponse search(const json::object& body);
  SimResponse single(const SimRequest& request, const std::vector<std::string>& rest,
                     const std::string& version);

  SimResponse batch_response(BatchAnswer answer, int good_status);
  //! Why these properties can't be written; nothing when they can.
  std::optional<PropertyError> refuse(const json::object& properties, bool creating,
                                      const std::string& version) const;
  json::object conflict(const Contact& existing) const;
  void write(Contact& contact, const json::object& properties);
  json::object shown(const Contact& contact) const;

  Account& account_;
  const Switches& switches_;
};

}  // namespace muster::simulator
