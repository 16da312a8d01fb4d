// One connection used by several processes at once, where each refresh makes the former refresh
// token worthless: who comes second must find the first one's tokens (hubspot/api.md §2.4).
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "hubspot/connecting.hpp"
#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

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

//! Looked at, renewed by the other process, and only then announced by this one.
TEST_F(AnnouncedTokens, ThatWereRenewedJustBeforeThisProcessSaysThatItDoesAreTaken) {
  world.secrets.values.erase("renewal");
  world.secrets.before_put = [this] {
    if (world.secrets.values.contains("renewal")) return;
    world.secrets.before_put = {};
    store_after(Milliseconds{0});
  };
  EXPECT_FALSE(sync().failure);
  EXPECT_EQ(own(), 0U);
  EXPECT_EQ(world.secrets.values.count("renewal"), 0U);
}

TEST_F(AnnouncedTokens, AreWaitedForBeforeTheAccessIsRevoked) {
  store_after(std::chrono::seconds(3));
  world.destination().revoke();
  ASSERT_EQ(world.hubspot.count("/token/revoke"), 1U);
  const auto revoked = world.hubspot.log().back().body;
  EXPECT_NE(revoked.find(text(answered_, "refresh_token")), std::string::npos);
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
  const auto result = sync();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "state.write");
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

}  // namespace
}  // namespace muster::testing
