// One connection used by several processes at once, where each refresh makes the former refresh
// token worthless: who comes second must find the first one's tokens (hubspot/api.md §2.4).
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRedirect = "http://localhost:8976/oauth/callback";
constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr const char* kClient =
    "&client_id=simulated-client-id&client_secret=simulated-client-secret";

void connect(Destination& destination, simulator::HubSpot& hubspot) {
  const auto url = destination.begin_authorization(kRedirect, "state", kChallenge);
  simulator::SimRequest consent;
  consent.method = "POST";
  consent.target = url.substr(url.find("/oauth/"));
  consent.body = "decision=allow";
  const auto location = hubspot.handle(consent).headers.front().second;
  const auto begin = location.find("code=") + 5;
  destination.complete_authorization(
      kRedirect, location.substr(begin, location.find('&', begin) - begin), kVerifier);
}

//! What another process is answered that renews the connection's token.
boost::json::value renew(simulator::HubSpot& hubspot, const std::string& refresh_token) {
  simulator::SimRequest request;
  request.method = "POST";
  request.target = "/oauth/2026-09/token";
  request.body = "grant_type=refresh_token&refresh_token=" + refresh_token + kClient;
  return boost::json::parse(hubspot.handle(request).body);
}

bool is_renewal(const simulator::SimRequest& request) {
  return request.path() == "/oauth/2026-09/token";
}

std::string text(const boost::json::value& answer, const char* key) {
  return answer.at(key).as_string().c_str();
}

class SharedTokens : public ::testing::Test {
 protected:
  void SetUp() override {
    world.hubspot.switches().rotate_refresh_tokens = true;
    connect(world.destination(), world.hubspot);
    world.clock.advance(std::chrono::minutes(40));
    world.before_request = [this](const simulator::SimRequest& request) {
      if (!is_renewal(request) || !answered_.is_null()) return;
      answered_ = renew(world.hubspot, world.secrets.values["refresh_token"]);
      answered_at_ = world.clock.elapsed();
    };
  }
  //! The other process stores what it was answered so much later.
  void store_after(Milliseconds duration, bool access_too = true) {
    world.secrets.before_get = [this, duration, access_too, was_stored = false]() mutable {
      if (was_stored || answered_.is_null() || world.clock.elapsed() < answered_at_ + duration)
        return;
      auto& stored = world.secrets.values;
      stored["refresh_token"] = text(answered_, "refresh_token");
      was_stored = true;
      if (!access_too) return;
      stored["access_token"] = text(answered_, "access_token");
      stored["expires_at_ms"] =
          std::to_string((world.clock.now() + std::chrono::minutes(30)).time_since_epoch().count());
    };
  }
  Destination::SyncResult sync() { return world.sync({PluginWorld::add("ada@example.com")}); }

  PluginWorld world{PluginWorld::Settings{{"auth.client_id", "simulated-client-id"},
                                          {"auth.client_secret", "simulated-client-secret"},
                                          {"app_base", "http://127.0.0.1:1"}}};
  boost::json::value answered_;
  Milliseconds answered_at_{};
};

TEST_F(SharedTokens, ThatAnotherProcessRenewsAreWaitedFor) {
  store_after(std::chrono::seconds(3));
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(world.secrets.values["refresh_token"], text(answered_, "refresh_token"));
  EXPECT_EQ(world.members().size(), 1U);
}

TEST_F(SharedTokens, OfAProcessThatDiedBeforeItStoredAnyAreLost) {
  const auto result = sync();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "hubspot.revoked");
  EXPECT_NE(result.failure->message().find("before it could store"), std::string::npos);
  EXPECT_NE(result.failure->hint().find("muster connect"), std::string::npos);
  EXPECT_GT(world.clock.elapsed() - answered_at_, std::chrono::seconds(7));
}

TEST_F(SharedTokens, OfAProcessThatDiedWhileItStoredThemAreGoneOnWith) {
  store_after(std::chrono::seconds(1), false);
  EXPECT_FALSE(sync().failure);
  EXPECT_NE(world.secrets.values["refresh_token"], text(answered_, "refresh_token"));
}

TEST_F(SharedTokens, AreNotWaitedForByACancelledCall) {
  world.secrets.before_get = [this] {
    if (!answered_.is_null()) world.cancellation.request();
  };
  const auto result = sync();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->status(), MUSTER_CANCELLED);
  EXPECT_LT(world.clock.elapsed() - answered_at_, std::chrono::seconds(2));
}

//! Where the other process says that it renews them, before this one would.
class AnnouncedTokens : public SharedTokens {
 protected:
  void SetUp() override {
    SharedTokens::SetUp();
    world.before_request = {};
    answered_ = renew(world.hubspot, world.secrets.values["refresh_token"]);
    answered_at_ = world.clock.elapsed();
    renewals_ = world.hubspot.count("/oauth/2026-09/token", "POST");
    announce(world.clock.now() + std::chrono::seconds(65));
  }
  void announce(Instant until) {
    world.secrets.values["renewal"] = std::to_string(until.time_since_epoch().count()) + " 1";
  }
  //! Requests for a token that this process sent.
  std::size_t own() { return world.hubspot.count("/oauth/2026-09/token", "POST") - renewals_; }

  std::size_t renewals_ = 0;
};

TEST_F(AnnouncedTokens, AreWaitedForAsLongAsTheRequestMayTake) {
  store_after(std::chrono::seconds(58));
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(own(), 0U);
  EXPECT_EQ(world.secrets.values["refresh_token"], text(answered_, "refresh_token"));
  EXPECT_EQ(world.members().size(), 1U);
}

TEST_F(AnnouncedTokens, OfAProcessThatDiedAreNotWaitedForLonger) {
  ::testing::internal::CaptureStderr();
  const auto result = sync();
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("waiting for it, for a minute at most"),
            std::string::npos);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "hubspot.revoked");
  EXPECT_EQ(own(), 1U);
  EXPECT_GE(world.clock.elapsed() - answered_at_, std::chrono::seconds(65));
  EXPECT_EQ(world.secrets.values.count("renewal"), 0U);
}

TEST_F(AnnouncedTokens, ThatAreGivenUpAreRenewedHere) {
  // HubSpot did not answer the other process at all: its refresh token is good.
  world.secrets.values["refresh_token"] = text(answered_, "refresh_token");
  world.secrets.before_get = [this] {
    if (world.clock.elapsed() < answered_at_ + std::chrono::seconds(2)) return;
    world.secrets.values.erase("renewal");
  };
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(own(), 1U);
  EXPECT_LT(world.clock.elapsed() - answered_at_, std::chrono::seconds(4));
}

TEST_F(AnnouncedTokens, ByAClockThatWasPutBackAreNotWaitedFor) {
  world.secrets.values["refresh_token"] = text(answered_, "refresh_token");
  announce(world.clock.now() + std::chrono::hours(24));
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(own(), 1U);
  EXPECT_LT(world.clock.elapsed() - answered_at_, std::chrono::seconds(2));
}

TEST_F(AnnouncedTokens, AreNotWaitedForByACancelledCall) {
  world.secrets.before_get = [this] {
    if (world.clock.elapsed() > answered_at_) world.cancellation.request();
  };
  const auto result = sync();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->status(), MUSTER_CANCELLED);
  EXPECT_EQ(own(), 0U);
}

TEST_F(AnnouncedTokens, InTheSameInstantAreRenewedByTheLaterOne) {
  // The other one's announcement is stored over this one's before it is looked at.
  world.secrets.values.erase("renewal");
  world.secrets.before_get = [this, was_overwritten = false]() mutable {
    if (world.secrets.values.count("renewal") == 0 || was_overwritten) return;
    was_overwritten = true;
    announce(world.clock.now() + std::chrono::seconds(65));
    store_after(std::chrono::seconds(20));
  };
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(own(), 0U);
}

TEST_F(AnnouncedTokens, WhileThisOneIsRefusedAreWaitedFor) {
  world.secrets.values.erase("renewal");
  world.before_request = [this](const simulator::SimRequest& request) {
    if (!is_renewal(request)) return;
    announce(world.clock.now() + std::chrono::seconds(65));
    store_after(std::chrono::seconds(40));
  };
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(own(), 1U);
}

TEST_F(AnnouncedTokens, ThatCantBeAnnouncedAreNotRenewed) {
  world.secrets.values["refresh_token"] = text(answered_, "refresh_token");
  world.secrets.values.erase("renewal");
  world.secrets.before_put = [] {
    throw Error(ErrorKind::kFailed, "state.write", "the disk is full");
  };
  EXPECT_THROW(sync(), Error);
  EXPECT_EQ(own(), 0U);
}

TEST_F(SharedTokens, AreAnnouncedWhileTheyAreRenewed) {
  std::string announced;
  world.before_request = [&](const simulator::SimRequest& request) {
    if (is_renewal(request)) announced = world.secrets.values["renewal"];
  };
  EXPECT_FALSE(sync().failure);
  EXPECT_FALSE(announced.empty());
  EXPECT_EQ(world.secrets.values.count("renewal"), 0U);
}

TEST_F(SharedTokens, WhoseAnswerHoldsNoneAreAnnouncedNoLonger) {
  world.before_request = {};
  world.after_response = [](const simulator::SimRequest& request,
                            simulator::SimResponse& response) {
    if (is_renewal(request)) response.body = R"({"token_type":"bearer"})";
  };
  const auto result = sync();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "hubspot.bad_answer");
  EXPECT_EQ(world.secrets.values.count("renewal"), 0U);
}

//! Another request ends the call while the new tokens are on their way.
TEST_F(SharedTokens, ThatArriveAfterTheCallHasEndedAreKept) {
  world.before_request = {};
  world.clock.advance(-std::chrono::minutes(40));
  std::string renewed;
  std::size_t reads = 0;
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (is_renewal(request)) {
      renewed = text(boost::json::parse(response.body), "refresh_token");
      response.delay = std::chrono::seconds(2);
    }
    if (request.path().find("/batch/read") == std::string::npos) return;
    ++reads;
    if (reads == 2) response = {401, {}, R"({"category":"EXPIRED_AUTHENTICATION"})"};
    if (reads == 3) {
      response = {403, {}, "{}"};
      response.delay = std::chrono::seconds(1);
    }
  };
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(1'000)));
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "hubspot.forbidden");
  ASSERT_FALSE(renewed.empty());
  EXPECT_EQ(world.secrets.values["refresh_token"], renewed);
}

//! The same, as the host keeps it.
class SharedConnection : public ::testing::Test {
 protected:
  void SetUp() override {
    world.dir.write("id", "simulated-client-id");
    world.dir.write("secret", "simulated-client-secret");
    world.auth = "{client_id: {file: id}, client_secret: {file: secret}}";
    world.cohort({"ada@example.com"});
    reconnect();
  }
  //! As `muster connect` does.
  void reconnect() {
    const auto other = world.workspace();
    const auto& connection = other->config().connection("c");
    auto opened = other->open(connection);
    opened.hold_secrets();
    connect(opened.destination(), world.hubspot);
    other->keep_account(connection, opened.destination().check(), opened);
  }
  ConnectionState state() { return row(*world.workspace()).state; }
  void set(ConnectionState state) {
    const auto other = world.workspace();
    auto changed = row(*other);
    changed.state = state;
    other->store().put_connection(changed);
  }
  static ConnectionRow row(Workspace& workspace) {
    return workspace.connection_row(workspace.config().connection("c"));
  }
  //! Done by another process at this one's first request to HubSpot's lists.
  void meanwhile(std::function<void()> done) {
    world.before_request = [done = std::move(done),
                            was_done = false](const simulator::SimRequest& request) mutable {
      if (request.path().find("/lists") == std::string::npos) return;
      if (!std::exchange(was_done, true)) done();
    };
  }

  RunWorld world{{}, "app_base: \"http://127.0.0.1:1\""};
};

TEST_F(SharedConnection, ThatWorkedIsConnectedWhateverAnotherProcessSaidOfIt) {
  meanwhile([this] { set(ConnectionState::kRevoked); });
  EXPECT_FALSE(world.sync().error);
  EXPECT_EQ(state(), ConnectionState::kConnected);
}

TEST_F(SharedConnection, ThatAPersonDisconnectedMeanwhileStaysSo) {
  meanwhile([this] { set(ConnectionState::kDisconnected); });
  world.sync();
  EXPECT_EQ(state(), ConnectionState::kDisconnected);
}

TEST_F(SharedConnection, ThatIsRevokedIsNotConnectedByARunThatMadeNoCall) {
  set(ConnectionState::kRevoked);
  EXPECT_TRUE(world.sync().error);
  EXPECT_EQ(state(), ConnectionState::kRevoked);
}

TEST_F(SharedConnection, IsRevokedOnceItsStoredTokensAreRefused) {
  world.hubspot.oauth().uninstall_app();
  EXPECT_TRUE(world.sync().unauthenticated);
  EXPECT_EQ(state(), ConnectionState::kRevoked);
}

TEST_F(SharedConnection, IsNotRevokedWhenOtherTokensWereStoredSinceTheyWereRead) {
  // Refused to the end; another process connects anew before the last refusal is believed.
  bool reconnected = false;
  world.after_response = [&](const simulator::SimRequest& request,
                             simulator::SimResponse& response) {
    if (request.path().find("/crm/") == std::string::npos) return;
    response.status = 401;
    const bool repeated = world.hubspot.count("/oauth/2026-09/token", "POST") > 0;
    if (repeated && !std::exchange(reconnected, true)) reconnect();
  };
  EXPECT_TRUE(world.sync().unauthenticated);
  ASSERT_TRUE(reconnected);
  EXPECT_EQ(state(), ConnectionState::kConnected);
}

}  // namespace
}  // namespace muster::testing
