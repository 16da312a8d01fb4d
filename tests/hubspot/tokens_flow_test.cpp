// Tokens in use: renewed ahead and once for all, and what a refusal means (hubspot/api.md §2).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRedirect = "http://localhost:8976/oauth/callback";
// RFC 7636, appendix B.
constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

class OAuth : public ::testing::Test {
 protected:
  //! The code of a consent that a person gave.
  std::string granted_code() {
    const auto url = world.destination().begin_authorization(kRedirect, "state", kChallenge);
    simulator::SimRequest consent;
    consent.method = "POST";
    consent.target = url.substr(url.find("/oauth/"));
    consent.body = "decision=allow";
    const auto answer = world.hubspot.handle(consent);
    for (const auto& [name, value] : answer.headers) {
      if (name != "Location") continue;
      const auto begin = value.find("code=") + 5;
      return value.substr(begin, value.find('&', begin) - begin);
    }
    return {};
  }
  void connect() {
    world.destination().complete_authorization(kRedirect, granted_code(), kVerifier);
    world.hubspot.log().clear();
  }
  DestinationError failure_of(const Destination::SyncResult& result) {
    if (!result.failure) throw std::logic_error("the call did not fail");
    return *result.failure;
  }
  Destination::SyncResult sync(std::size_t people = 1'500) {
    return world.sync(PluginWorld::adds(PluginWorld::people(people)));
  }
  std::size_t refreshes() const { return world.hubspot.count("/oauth/2026-09/token", "POST"); }

  PluginWorld world{PluginWorld::Settings{{"auth.client_id", "simulated-client-id"},
                                          {"auth.client_secret", "simulated-client-secret"},
                                          {"app_base", "http://127.0.0.1:1"}}};
};

TEST_F(OAuth, AccessTokensAreRenewedAheadOfTheirExpiry) {
  connect();
  world.clock.advance(std::chrono::minutes(24));
  sync(1);
  EXPECT_EQ(refreshes(), 0U);
  world.clock.advance(std::chrono::minutes(2));
  const auto result = sync(1);
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(refreshes(), 1U);
  for (const auto& request : world.hubspot.log()) EXPECT_NE(request.status, 401);
}

TEST_F(OAuth, AnAccountThatCantBeToldSaysWhatHubSpotSaid) {
  struct Case {
    const char* kind;
    const char* says;
  };
  for (const auto& [kind, says] : {Case{"status", "could not tell which account it is now (503"},
                                   {"reset", "no answer came"},
                                   {"refused", "can't be reached"}}) {
    SCOPED_TRACE(kind);
    connect();
    world.hubspot.faults().add({"/account-info/", "GET", 0, -1, kind, 503, "", -1, 0, false});
    try {
      world.destination().check();
      ADD_FAILURE() << "an account was told";
    } catch (const DestinationError& error) {
      EXPECT_EQ(error.status(), MUSTER_UNAVAILABLE);
      EXPECT_NE(error.message().find(says), std::string::npos) << error.message();
    }
    world.hubspot.faults().clear();
  }
}

TEST_F(OAuth, ParallelRequestsShareOneRefresh) {
  connect();
  bool expired = false;
  world.before_request = [&](const simulator::SimRequest& request) {
    const bool reads = request.path().find("/batch/") != std::string::npos;
    if (reads && !std::exchange(expired, true)) world.hubspot.oauth().expire_access_tokens();
  };
  const auto result = sync();
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 1'500U);
  EXPECT_EQ(refreshes(), 1U);
}

TEST_F(OAuth, ARotatedRefreshTokenIsKept) {
  world.hubspot.switches().rotate_refresh_tokens = true;
  connect();
  const auto before = world.secrets.values["refresh_token"];
  world.clock.advance(std::chrono::minutes(40));
  EXPECT_FALSE(sync(1).failure);
  EXPECT_NE(world.secrets.values["refresh_token"], before);
  world.start();
  world.clock.advance(std::chrono::minutes(40));
  EXPECT_FALSE(sync(1).failure) << "a new process goes on with it";
}

TEST_F(OAuth, ATokenThatIsRefusedAlsoAfterARefreshIsRevoked) {
  connect();
  world.hubspot.faults().add({"/crm/", "", 0, -1, "unauthorized", 401, "", -1, 0, false});
  const auto failure = failure_of(sync());
  EXPECT_EQ(failure.status(), MUSTER_UNAUTHENTICATED);
  EXPECT_EQ(failure.code(), "hubspot.revoked");
  EXPECT_EQ(refreshes(), 1U);
}

TEST_F(OAuth, ATokenThatHubSpotCantReadIsToldAsSuchAndNotAsExpiredIn1970) {
  connect();
  world.hubspot.faults().add({"/crm/", "", 0, -1, "invalid_token", 401, "", -1, 0, false});
  const auto failure = failure_of(sync());
  EXPECT_EQ(failure.status(), MUSTER_UNAUTHENTICATED);
  EXPECT_EQ(failure.code(), "hubspot.malformed_token");
  EXPECT_NE(failure.hint().find("muster connect"), std::string::npos);
}

TEST_F(OAuth, AnUninstalledAppIsRevokedWhetherItsAccessTokenStillWorksOrNot) {
  for (const bool survives : {false, true}) {
    connect();
    world.hubspot.switches().access_token_survives_uninstall = survives;
    world.hubspot.oauth().uninstall_app();
    if (survives) {
      EXPECT_FALSE(sync(1).failure);
    }
    world.clock.advance(std::chrono::minutes(40));
    const auto failure = failure_of(sync(1));
    EXPECT_EQ(failure.status(), MUSTER_UNAUTHENTICATED);
    EXPECT_EQ(failure.code(), "hubspot.revoked");
    EXPECT_NE(failure.hint().find("muster connect"), std::string::npos);
  }
}

TEST_F(OAuth, WrongClientCredentialsAreNoRevocation) {
  connect();
  const auto stored = world.secrets.values;
  world.clock.advance(std::chrono::minutes(40));
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (request.path().find("/oauth/") == std::string::npos) return;
    response.status = 400;
    response.body = R"({"status":"BAD_CLIENT_SECRET","error":"invalid_client"})";
  };
  const auto failure = failure_of(sync(1));
  EXPECT_EQ(failure.status(), MUSTER_BAD_CONFIG);
  EXPECT_EQ(failure.code(), "hubspot.bad_client");
  EXPECT_EQ(world.secrets.values, stored);
}

TEST_F(OAuth, ARefreshThatFailsForAMomentIsTriedLater) {
  for (const int status : {429, 503}) {
    connect();
    world.clock.advance(std::chrono::minutes(40));
    world.hubspot.faults().add({"/oauth/", "POST", 0, 1, "status", status, "", -1, 0, false});
    const auto failed = sync(1);
    EXPECT_EQ(failure_of(failed).status(), MUSTER_UNAVAILABLE);
    EXPECT_FALSE(sync(1).failure);
  }
}

TEST_F(OAuth, ARefusalWithoutAReasonBlamesNobody) {
  connect();
  for (const int status : {400, 401, 403}) {
    world.clock.advance(std::chrono::minutes(28));
    world.hubspot.faults().add(
        {"/oauth/2026-09/token", "POST", 0, 1, "status", status, "", -1, 0, false});
    const auto failure = failure_of(sync(1));
    EXPECT_EQ(failure.status(), MUSTER_UNAVAILABLE) << status;
    EXPECT_EQ(failure.code(), "hubspot.token_request");
    EXPECT_NE(failure.message().find(std::to_string(status)), std::string::npos);
    for (const auto* blamed : {"credentials", "scope"}) {
      EXPECT_EQ(failure.message().find(blamed), std::string::npos) << failure.message();
    }
    EXPECT_FALSE(sync(1).failure) << "the connection works on";
  }
}

TEST_F(OAuth, AMissingScopeIsNamed) {
  connect();
  world.hubspot.oauth().withdraw_scope("crm.lists.write");
  const auto failure = failure_of(sync(1));
  EXPECT_EQ(failure.status(), MUSTER_FORBIDDEN);
  EXPECT_EQ(failure.code(), "hubspot.missing_scope");
  EXPECT_NE(failure.message().find("crm.lists.write"), std::string::npos);
}

TEST_F(OAuth, AnotherAttemptsCodeIsToldAsSuch) {
  try {
    world.destination().complete_authorization(kRedirect, granted_code(), "another-verifier");
    FAIL();
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.code(), "hubspot.bad_code_verifier");
  }
  EXPECT_TRUE(world.secrets.values.empty());
}

TEST_F(OAuth, TokensAreStoredOnceTheirAccountIsKnown) {
  world.hubspot.faults().add({"/account-info/", "", 0, 1, "status", 503, "", -1, 0, false});
  EXPECT_THROW(world.destination().complete_authorization(kRedirect, granted_code(), kVerifier),
               DestinationError);
  EXPECT_FALSE(world.secrets.values.contains("refresh_token"));
}

TEST_F(OAuth, UninstallingTwiceIsUninstalled) {
  connect();
  world.destination().uninstall();
  EXPECT_FALSE(world.secrets.values.contains("refresh_token"));
  world.start();
  world.destination().uninstall();
}

TEST_F(OAuth, AnAppThatTakesNoTokenAnyMoreIsNotSaidToBeUninstalled) {
  connect();
  world.hubspot.oauth().uninstall_app();
  world.clock.advance(std::chrono::minutes(40));
  try {
    world.destination().uninstall();
    FAIL();
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.status(), MUSTER_NOT_SUPPORTED);
    EXPECT_EQ(error.code(), "hubspot.no_access");
  }
  world.destination().revoke();
  EXPECT_FALSE(world.secrets.values.contains("refresh_token"));
}

TEST(StaticToken, ThatIsNoApiTokenIsToldAsSuch) {
  PluginWorld world(PluginWorld::Settings{{"auth.token", "CiRuYTEt-a-personal-access-key"}});
  const auto result = world.sync({PluginWorld::add("ada@example.com")});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->status(), MUSTER_UNAUTHENTICATED);
  EXPECT_EQ(result.failure->code(), "hubspot.malformed_token");
  EXPECT_NE(result.failure->hint().find("personal access key"), std::string::npos);
}

TEST(StaticToken, HasNoAppToUninstall) {
  PluginWorld world;
  try {
    world.destination().uninstall();
    FAIL();
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.status(), MUSTER_NOT_SUPPORTED);
  }
}

// ---- Reading back

TEST(ReadBack, GoesPageByPageAndResumesFromACursor) {
  PluginWorld world;
  auto& list = world.account().create_list("l");
  for (int i = 0; i < 600; ++i) world.account().add_member(list, world.account().create("").id);
  const auto ref = std::to_string(list.id);
  std::vector<std::size_t> sizes;
  std::string cursor;
  std::set<std::string> seen;
  world.destination().read_back(ref, {},
                                [&](std::span<const std::string_view> ids, std::string_view next) {
                                  sizes.push_back(ids.size());
                                  if (sizes.size() == 1) cursor = next;
                                  seen.insert(ids.begin(), ids.end());
                                });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{250, 250, 100}));
  EXPECT_EQ(seen.size(), 600U);
  std::size_t rest = 0;
  world.destination().read_back(
      ref, cursor,
      [&](std::span<const std::string_view> ids, std::string_view) { rest += ids.size(); });
  EXPECT_EQ(rest, 350U);
}

TEST(LookUp, TellsWhoHasARecordAndWritesNothing) {
  PluginWorld world;
  const auto ada = world.contact("ada@example.com");
  const std::vector<std::string_view> wanted{"bob@example.com", "ada@example.com"};
  const auto found = world.destination().look_up("email", wanted);
  EXPECT_EQ(found, (std::vector<std::string>{"", ada}));
  EXPECT_EQ(world.account().contacts().size(), 1U);
}

}  // namespace
}  // namespace muster::testing
