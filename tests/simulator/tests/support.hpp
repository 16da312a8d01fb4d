// A simulated account and a client with every scope, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include "simulator/hubspot.hpp"

namespace muster::simulator {

class SimulatedAccount : public testing::Test {
 protected:
  SimulatedAccount() {
    hubspot_.oauth().add_static_token("token", hubspot_.oauth().app().scopes);
    hubspot_.switches().burst_limit = 0;
  }

  SimResponse send(const std::string& method, const std::string& target,
                   const json::value& body = nullptr) {
    SimRequest request{method, target, {{"authorization", "Bearer token"}}, {}};
    if (!body.is_null()) request.body = json::serialize(body);
    return hubspot_.handle(request);
  }
  //! The body of a response that must have this status.
  json::object good(const SimResponse& response, int status = 200) {
    EXPECT_EQ(response.status, status) << response.body;
    return response.body.empty() ? json::object{} : json::parse(response.body).as_object();
  }
  Contact& contact(const std::string& email) { return hubspot_.account().create(email); }

  static std::string id_of(const Contact& contact) { return std::to_string(contact.id); }
  static std::string header(const SimResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  VirtualClock clock_;
  HubSpot hubspot_{clock_};
  const std::string contacts_ = "/crm/objects/2026-09/contacts";
  const std::string lists_ = "/crm/lists/2026-09";
};

}  // namespace muster::simulator
