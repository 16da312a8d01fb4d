#include "simulator/errors.hpp"

#include "simulator/json_fields.hpp"

namespace muster::simulator {
namespace {

std::uint64_t next_correlation = 1;

std::string correlation_id() {
  auto digits = std::to_string(next_correlation++);
  return "00000000-0000-4000-8000-" +
         std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits;
}

}  // namespace

void restart_correlation_ids() { next_correlation = 1; }

SimResponse json_response(int status, const json::value& body) {
  SimResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json;charset=utf-8");
  response.body = json::serialize(body);
  return response;
}

SimResponse empty_response() {
  SimResponse response;
  response.status = 204;
  return response;
}

SimResponse error_response(int status, const std::string& category, const std::string& message,
                           json::object extra) {
  const auto id = correlation_id();
  json::object body{{"status", "error"}, {"message", message}, {"correlationId", id}};
  if (!category.empty()) body["category"] = category;
  for (const auto& [name, value] : extra) body[name] = value;
  auto response = json_response(status, body);
  response.headers.emplace_back("X-HubSpot-Correlation-Id", id);
  return response;
}

SimResponse not_found() { return error_response(404, "OBJECT_NOT_FOUND", "resource not found"); }

SimResponse invalid(const std::string& what, const std::string& sub_category) {
  return error_response(400, "VALIDATION_ERROR", what, {{"subCategory", sub_category}});
}

SimResponse invalid_json() {
  return error_response(400, "", "Invalid input JSON on line 1, column 1: unexpected character");
}

SimResponse missing_scopes(const std::vector<std::string>& scopes) {
  json::array names;
  for (const auto& scope : scopes) names.emplace_back(scope);
  return error_response(
      403, "MISSING_SCOPES",
      "This app hasn't been granted all required scopes to make this call. Read more about "
      "required "
      "scopes here: https://developers.hubspot.com/scopes.",
      {{"errors",
        json::array{json::object{{"message", "One or more of the following scopes are required."},
                                 {"context", json::object{{"requiredGranularScopes", names}}}}}},
       {"links", json::object{{"scopes", "https://developers.hubspot.com/scopes"}}}});
}

SimResponse rate_limited(const std::string& policy, bool with_retry_after) {
  const bool daily = policy == "DAILY";
  const bool secondly = policy == "SECONDLY";
  const std::string name = daily ? "daily" : secondly ? "secondly" : "ten_secondly_rolling";
  auto response = error_response(429, "", "You have reached your " + name + " limit.",
                                 {{"errorType", "RATE_LIMIT"}, {"policyName", policy}});
  if (with_retry_after) {
    response.headers.emplace_back("Retry-After", daily ? "3600" : secondly ? "1" : "10");
  }
  return response;
}

SimResponse html_error(int status) {
  SimResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/html");
  response.body = "<html><head><title>" + std::to_string(status) +
                  "</title></head><body><h1>error</h1></body></html>";
  return response;
}

json::object property_error_body(const PropertyError& error) {
  const json::array inner{json::object{{"isValid", false},
                                       {"message", error.message},
                                       {"error", error.code},
                                       {"name", error.property},
                                       {"localizedErrorMessage", error.message},
                                       {"portalId", 1}}};
  return {
      {"category", "VALIDATION_ERROR"},
      {"message", "Property values were not valid: " + json::serialize(inner)},
      {"errors", json::array{json::object{
                     {"message", error.message},
                     {"code", error.code},
                     {"context", json::object{{"propertyName", json::array{error.property}}}}}}}};
}

SimResponse whole_error(const json::object& error) {
  const bool conflict = text_at(error, "category") == "CONFLICT";
  auto extra = error;
  const auto message = text_at(error, "message");
  extra.erase("message");
  extra.erase("category");
  return error_response(conflict ? 409 : 400, text_at(error, "category"), message, extra);
}

}  // namespace muster::simulator
