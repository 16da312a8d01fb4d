// Refusals and faults as HubSpot words them (hubspot/api.md §2.5, §7, §8).
#include "simulator/tests/support.hpp"

namespace muster::simulator {
namespace {

class SimulatedAnswers : public SimulatedAccount {
 protected:
  SimResponse met(const Fault& fault) {
    hubspot_.faults().add(fault);
    return send("GET", lists_ + "?listIds=1");
  }
  static Fault status(int code) {
    Fault fault;
    fault.status = code;
    return fault;
  }
  static Fault kind(const char* name) {
    Fault fault;
    fault.kind = name;
    return fault;
  }
};

TEST_F(SimulatedAnswers, WithoutCredentialsTheHeaderTellsTheFailure) {
  const auto response = hubspot_.handle({"GET", lists_, {}, {}});
  EXPECT_EQ(good(response, 401).at("category"), "INVALID_AUTHENTICATION");
  EXPECT_EQ(header(response, "x-hubspot-auth-failure"), "401 Unauthorized");
}

TEST_F(SimulatedAnswers, ATokenThatCantBeReadExpiredIn1970) {
  for (const auto& response :
       {hubspot_.handle({"GET", lists_, {{"authorization", "Bearer nonsense"}}, {}}),
        met(kind("invalid_token"))}) {
    const auto body = good(response, 401);
    EXPECT_EQ(body.at("category"), "EXPIRED_AUTHENTICATION");
    EXPECT_EQ(body.at("context").at("expire time").at(0), "1970-01-01T00:00:00Z");
  }
}

TEST_F(SimulatedAnswers, FaultsOf401SayWhichKindTheyAre) {
  EXPECT_EQ(good(met(kind("unauthorized")), 401).at("category"), "EXPIRED_AUTHENTICATION");
  EXPECT_EQ(good(met(kind("unauthenticated")), 401).at("category"), "INVALID_AUTHENTICATION");
}

TEST_F(SimulatedAnswers, FaultsOf403And409HaveTheirCategories) {
  EXPECT_EQ(good(met(status(403)), 403).at("category"), "MISSING_SCOPES");
  EXPECT_EQ(good(met(status(409)), 409).at("category"), "CONFLICT");
}

TEST_F(SimulatedAnswers, FaultsAboveFiveHundredAreHtmlOfAProxy) {
  for (const int code : {500, 502, 503, 504, 521, 522, 523, 524, 525, 526}) {
    const auto response = met(status(code));
    EXPECT_EQ(response.status, code);
    EXPECT_EQ(header(response, "Content-Type"), "text/html");
  }
}

TEST_F(SimulatedAnswers, A429NamesItsPolicy) {
  for (const auto* policy : {"TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"}) {
    auto fault = status(429);
    fault.policy = policy;
    const auto response = met(fault);
    EXPECT_EQ(good(response, 429).at("policyName"), policy);
    EXPECT_EQ(header(response, "Retry-After"), "");
  }
}

TEST_F(SimulatedAnswers, A477SaysHowLongToWait) {
  auto fault = status(477);
  fault.retry_after_s = 600;
  const auto response = met(fault);
  EXPECT_EQ(response.status, 477);
  EXPECT_EQ(header(response, "Retry-After"), "600");
}

TEST_F(SimulatedAnswers, TheBurstLimitRollsOverTenSeconds) {
  hubspot_.switches().burst_limit = 3;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(send("GET", lists_).status, 200);
    clock_.advance(Milliseconds{1'000});
  }
  EXPECT_EQ(good(send("GET", lists_), 429).at("policyName"), "TEN_SECONDLY_ROLLING");
  clock_.advance(Milliseconds{7'000});
  const auto passed = send("GET", lists_);
  EXPECT_EQ(passed.status, 200);
  EXPECT_EQ(header(passed, "X-HubSpot-RateLimit-Remaining"), "0");
}

TEST_F(SimulatedAnswers, TheDailyLimitEndsAtMidnightOfTheAccount) {
  hubspot_.switches().daily_limit = 1;
  EXPECT_EQ(send("GET", lists_).status, 200);
  EXPECT_EQ(good(send("GET", lists_), 429).at("policyName"), "DAILY");
  clock_.advance(std::chrono::days{1});
  EXPECT_EQ(send("GET", lists_).status, 200);
}

TEST_F(SimulatedAnswers, AnUninstalledAppsTokenDiesAtOnceOrLivesOut) {
  for (const bool survives : {false, true}) {
    VirtualClock clock;
    HubSpot hubspot(clock);
    hubspot.switches().access_token_survives_uninstall = survives;
    const auto consent = hubspot.handle(
        {"GET",
         "/oauth/authorize?client_id=simulated-client-id&redirect_uri=http://localhost:1/back"
         "&scope=oauth%20crm.objects.contacts.read%20crm.objects.contacts.write"
         "%20crm.lists.read%20crm.lists.write&state=s&decision=allow",
         {},
         {}});
    const auto location = header(consent, "Location");
    const auto code = field(query(location.substr(location.find('?'))), "code");
    const auto issued =
        hubspot.handle({"POST",
                        "/oauth/2026-09/token",
                        {},
                        "grant_type=authorization_code&client_id=simulated-client-id&client_secret="
                        "simulated-client-secret&redirect_uri=http://localhost:1/back&code=" +
                            code});
    const auto token = good(issued).at("access_token").as_string();
    hubspot.oauth().uninstall_app();
    const auto after =
        hubspot.handle({"GET", lists_, {{"authorization", "Bearer " + std::string(token)}}, {}});
    EXPECT_EQ(after.status, survives ? 200 : 401);
  }
}

}  // namespace
}  // namespace muster::simulator
