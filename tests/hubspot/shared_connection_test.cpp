// One connection used by several processes at once, as the host keeps it.
#include <gtest/gtest.h>

#include "hubspot/connecting.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

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
