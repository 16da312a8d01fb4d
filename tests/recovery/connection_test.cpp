// A connection that somebody gives to another account while a run goes on.
#include <gtest/gtest.h>

#include "recovery/world.hpp"

namespace muster {
namespace {

using testing::RecoveryWorld;
using testing::writes_members;

//! What was told of members by then took effect: a run that says otherwise sends them again.
TEST(ConnectionGivenAway, WhatABatchHasDoneIsCountedThoughItsEndFails) {
  RecoveryWorld world;
  world.before = [&](const simulator::SimRequest& request) {
    if (!writes_members(request)) return;
    const auto store = open_sqlite_store(world.dir / ".muster/state.db", StoreAccess::kReadWrite);
    auto connection = *store->connection("c");
    connection.account_id = "99";
    store->put_connection(connection);
  };
  world.cohort({"a@x.com", "b@x.com", "c@x.com"});
  const auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "run.connection_changed");
  EXPECT_EQ(result.run.figures.listed, 3U);
  EXPECT_EQ(result.run.figures.created, 3U);
  EXPECT_EQ(world.list().members.size(), 3U);
}

}  // namespace
}  // namespace muster
