// Taking leave of an account while others want to use it, and when it breaks off.
#include "run/departure.hpp"

#include <gtest/gtest.h>

#include "run/grants.hpp"
#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

class DepartureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world.cohort(SyncWorld::people(3));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  }
  Departure depart(DepartureOptions::Lists lists) {
    const auto workspace = world.open();
    return muster::depart(*workspace, workspace->config().connection("c"), {lists, false});
  }
  ConnectionState state() { return world.store()->connection("c")->state; }

  SyncWorld world;
};

TEST_F(DepartureTest, WaitsForNoRunAndDisturbsNone) {
  const auto store = world.store();
  const auto sync = store->sync("s")->id;
  ASSERT_TRUE(store->take_lease(sync, "another/1/1", world.clock.now(), Milliseconds{60'000}));
  try {
    depart(DepartureOptions::Lists::kEmpty);
    FAIL() << "a run is in progress";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    EXPECT_NE(error.message().find("'s'"), std::string::npos) << error.message();
  }
  EXPECT_EQ(world.listed().size(), 3U);
  EXPECT_EQ(state(), ConnectionState::kConnected);
}

TEST_F(DepartureTest, LetsNoRunBeginMeanwhile) {
  bool held = false;
  world.hubspot.faults().set_source(
      [&](const simulator::SimRequest& request) -> std::optional<simulator::Fault> {
        if (request.method == "DELETE" && request.target.find("/lists/") != std::string::npos) {
          const auto store = world.store();
          held = store->lease_owner(store->sync("s")->id).has_value();
        }
        return std::nullopt;
      });
  EXPECT_EQ(depart(DepartureOptions::Lists::kDelete).lists_changed, 1U);
  EXPECT_TRUE(held);
  const auto store = world.store();
  EXPECT_FALSE(store->lease_owner(store->sync("s")->id));
  EXPECT_EQ(state(), ConnectionState::kDisconnected);
}

//! While the user was asked whether to disconnect it, say.
TEST_F(DepartureTest, LeavesAloneWhatWasConnectedSinceItWasDecided) {
  add_grant(*world.store(), "c");
  const auto before = world.hubspot.log().size();
  try {
    depart(DepartureOptions::Lists::kDelete);
    FAIL() << "another grant than the one that was to end";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "leave.connected_again");
  }
  EXPECT_EQ(world.hubspot.log().size(), before);
  EXPECT_EQ(state(), ConnectionState::kConnected);
}

TEST_F(DepartureTest, ThatFailedHasChangedNothingOfTheState) {
  world.fault("/lists/", 500, -1);
  EXPECT_THROW(depart(DepartureOptions::Lists::kDelete), Error);
  const auto store = world.store();
  const auto sync = store->sync("s");
  EXPECT_FALSE(sync->audience_ref.empty());
  EXPECT_EQ(store->count_members(sync->id, MemberState::kListed), 3U);
  EXPECT_EQ(state(), ConnectionState::kConnected);
  world.hubspot.faults().clear();
  EXPECT_EQ(depart(DepartureOptions::Lists::kDelete).lists_changed, 1U);
}

//! Another account may have a list of that number, too: its own.
TEST_F(DepartureTest, LeavesTheListsOfAnotherAccountAlone) {
  {
    const auto store = world.store();
    auto row = *store->sync("s");
    row.account_id = "777";
    store->put_sync(row);
  }
  for (const auto lists : {DepartureOptions::Lists::kDelete, DepartureOptions::Lists::kEmpty}) {
    try {
      depart(lists);
      FAIL() << "the list is in another account";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "leave.account_changed");
      EXPECT_NE(error.message().find("'s'"), std::string::npos) << error.message();
    }
    EXPECT_EQ(world.listed().size(), 3U);
    EXPECT_EQ(state(), ConnectionState::kConnected);
  }
  EXPECT_EQ(depart(DepartureOptions::Lists::kKeep).lists_changed, 0U);
  EXPECT_EQ(state(), ConnectionState::kDisconnected);
}

TEST_F(DepartureTest, NamesAlsoSyncsThatTheConfigurationLacksByNow) {
  {
    const auto store = world.store();
    SyncRow row;
    row.name = "of before";
    row.connection = "c";
    store->put_sync(row);
  }
  const auto workspace = world.open();
  EXPECT_EQ(syncs_of(*workspace, workspace->config().connection("c")),
            (std::set<std::string>{"of before", "s"}));
}

TEST_F(DepartureTest, IsRefusedWhereTheListsAreBeyondReach) {
  depart(DepartureOptions::Lists::kKeep);
  const auto workspace = world.open();
  const auto& connection = workspace->config().connection("c");
  EXPECT_NO_THROW(check_departure(*workspace, connection, {}));
  try {
    check_departure(*workspace, connection, {DepartureOptions::Lists::kEmpty, false});
    FAIL() << "there is no access";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "leave.no_access");
    EXPECT_EQ(error.kind(), ErrorKind::kReconnect);
  }
}

}  // namespace
}  // namespace muster::testing
