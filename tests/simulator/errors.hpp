// HubSpot's error bodies, as documented or captured (hubspot/api.md §2.5, §4, §5, §7, §8).
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "simulator/http_message.hpp"

namespace muster::simulator {

namespace json = boost::json;

//! A new account counts them from 1: the same story gives the same answers, byte for byte.
void restart_correlation_ids();
SimResponse json_response(int status, const json::value& body);
//! 204.
SimResponse empty_response();
//! {status, message, correlationId, category}; more fields may be added to `extra`.
SimResponse error_response(int status, const std::string& category, const std::string& message,
                           json::object extra = {});
SimResponse not_found();
SimResponse invalid(const std::string& what, const std::string& sub_category);
SimResponse invalid_json();
SimResponse missing_scopes(const std::vector<std::string>& scopes);
SimResponse rate_limited(const std::string& policy, bool with_retry_after);
//! As a proxy in front of HubSpot answers: HTML.
SimResponse html_error(int status);

//! The error of one property value, with its own JSON inside the message (§4.5).
struct PropertyError {
  std::string code;
  std::string property;
  std::string message;
};
json::object property_error_body(const PropertyError& error);
//! What is said of one input, said of the whole request.
SimResponse whole_error(const json::object& error);

}  // namespace muster::simulator
