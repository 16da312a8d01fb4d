// The contacts endpoints of the simulated HubSpot (hubspot/api.md §4).
#pragma once

#include "simulator/account.hpp"
#include "simulator/errors.hpp"
#include "simulator/properties.hpp"
#include "simulator/switches.hpp"

namespace muster::simulator {

class ContactsApi {
 public:
  ContactsApi(Account& account, const Switches& switches)
      : account_(account), switches_(switches), properties_(account, switches) {}

  //! `rest` is the path behind ".../contacts"; `version` its version segment.
  SimResponse handle(const SimRequest& request, const std::vector<std::string>& rest,
                     const std::string& version);
  static bool is_search(const std::vector<std::string>& rest);
  static std::vector<std::string> scopes(const SimRequest& request,
                                         const std::vector<std::string>& rest);
  Properties& properties() { return properties_; }

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
  SimResponse search(const SimRequest& request, const json::object& body);
  bool matches(const Contact& contact, const json::object& filter) const;
  SimResponse single(const SimRequest& request, const std::vector<std::string>& rest,
                     const std::string& version);

  SimResponse batch_response(BatchAnswer answer, int good_status);
  json::object conflict(const Contact& existing) const;
  //! The contact as the answer to the write shows it.
  json::object write(Contact& contact, const json::object& values, const std::string& version);
  json::object shown(const Contact& contact, const std::vector<std::string>& asked) const;
  //! The names of properties that a read asks for.
  static std::vector<std::string> asked(const json::object& body);

  Account& account_;
  const Switches& switches_;
  Properties properties_;
};

}  // namespace muster::simulator
