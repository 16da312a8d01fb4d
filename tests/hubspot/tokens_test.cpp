// Why HubSpot refused a token request, from its answer (hubspot/api.md §2.3).
#include "tokens.hpp"

#include <gtest/gtest.h>

namespace muster::hubspot {
namespace {

sdk::Failure failure(const char* status, const char* error) {
  json::object answer;
  if (*status != '\0') answer["status"] = status;
  if (*error != '\0') answer["error"] = error;
  return token_failure(answer, 400);
}

TEST(TokenFailure, TellsTheGrantFromTheConfiguration) {
  struct Case {
    const char* status;
    const char* error;
    muster_status expected;
    const char* code;
  };
  const Case cases[]{
      {"BAD_REFRESH_TOKEN", "invalid_grant", MUSTER_UNAUTHENTICATED, "hubspot.revoked"},
      {"BAD_REFRESH_TOKEN", "invalid_request", MUSTER_UNAUTHENTICATED, "hubspot.revoked"},
      {"BAD_REFRESH_TOKEN", "", MUSTER_UNAUTHENTICATED, "hubspot.revoked"},
      {"", "invalid_grant", MUSTER_UNAUTHENTICATED, "hubspot.revoked"},
      {"BAD_HUB", "access_denied", MUSTER_UNAUTHENTICATED, "hubspot.revoked"},
      {"BAD_AUTH_CODE", "invalid_grant", MUSTER_UNAUTHENTICATED, "hubspot.bad_code"},
      {"BAD_CODE_VERIFIER", "invalid_grant", MUSTER_UNAUTHENTICATED, "hubspot.bad_code_verifier"},
      {"BAD_REDIRECT_URI", "invalid_request", MUSTER_BAD_CONFIG, "hubspot.bad_redirect"},
      {"BAD_CLIENT_ID", "invalid_client", MUSTER_BAD_CONFIG, "hubspot.bad_client"},
      {"BAD_CLIENT_SECRET", "invalid_client", MUSTER_BAD_CONFIG, "hubspot.bad_client"},
      {"BAD_SCOPES", "", MUSTER_BAD_CONFIG, "hubspot.bad_app"},
      {"BAD_GRANT_TYPE", "", MUSTER_BAD_CONFIG, "hubspot.bad_app"},
      {"", "invalid_client", MUSTER_BAD_CONFIG, "hubspot.bad_client"},
      {"", "unauthorized_client", MUSTER_BAD_CONFIG, "hubspot.token_request"},
      {"BAD_MOON", "", MUSTER_BAD_CONFIG, "hubspot.token_request"},
      {"error", "", MUSTER_UNAVAILABLE, "hubspot.token_request"},
      {"", "", MUSTER_UNAVAILABLE, "hubspot.token_request"},
  };
  for (const auto& [status, error, expected, code] : cases) {
    const auto found = failure(status, error);
    EXPECT_EQ(found.status(), expected) << status;
    EXPECT_EQ(found.code(), code) << status;
    EXPECT_FALSE(found.hint().empty()) << status;
  }
}

TEST(TokenFailure, OfAWrongVerifierSpeaksOfTheAttemptNotOfTheClient) {
  const auto found = failure("BAD_CODE_VERIFIER", "invalid_grant");
  EXPECT_EQ(found.message().find("credentials"), std::string::npos);
  EXPECT_NE(found.hint().find("muster connect"), std::string::npos);
}

}  // namespace
}  // namespace muster::hubspot
