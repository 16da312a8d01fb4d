// One run of a sync at a time: who may take its lease, keep it, and lose it.
#include <gtest/gtest.h>

#include "state/support.hpp"

namespace muster {
namespace {

using testing::kNow;
using testing::new_sync;
using testing::StateDir;

constexpr Milliseconds kTtl{120'000};

class LeaseTest : public ::testing::Test {
 protected:
  StateDir state_;
  std::unique_ptr<Store> store_ = state_.open();
  std::unique_ptr<Store> another_process_ = state_.open();
  SyncId sync_ = new_sync(*store_).id;
};

TEST_F(LeaseTest, IsTakenByOneOwnerAlone) {
  EXPECT_FALSE(store_->lease_owner(sync_));
  EXPECT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  EXPECT_FALSE(another_process_->take_lease(sync_, "b", kNow, kTtl));
  EXPECT_EQ(another_process_->lease_owner(sync_), "a");
}

TEST_F(LeaseTest, OfAnotherSyncIsAnother) {
  const auto other = new_sync(*store_, "other").id;
  EXPECT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  EXPECT_TRUE(another_process_->take_lease(other, "b", kNow, kTtl));
}

TEST_F(LeaseTest, MayBeTakenAgainByItsOwner) {
  EXPECT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  EXPECT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
}

TEST_F(LeaseTest, IsFreeForOthersOnlyAfterItRanOut) {
  ASSERT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  EXPECT_FALSE(another_process_->take_lease(sync_, "b", kNow + kTtl, kTtl));
  EXPECT_TRUE(another_process_->take_lease(sync_, "b", kNow + kTtl + Milliseconds{1}, kTtl));
}

TEST_F(LeaseTest, OfAClockThatWasSetBackKeepsNobodyOut) {
  ASSERT_TRUE(store_->take_lease(sync_, "a", kNow + std::chrono::hours(24), kTtl));
  EXPECT_TRUE(another_process_->take_lease(sync_, "b", kNow, kTtl));
  // A clock that is a little ahead of ours is no reason.
  ASSERT_TRUE(another_process_->take_lease(sync_, "b", kNow + 5 * kTtl, kTtl));
  EXPECT_FALSE(store_->take_lease(sync_, "a", kNow, kTtl));
}

TEST_F(LeaseTest, LastsLongerWhenItIsRenewed) {
  ASSERT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  EXPECT_TRUE(store_->renew_lease(sync_, "a", kNow + kTtl / 2, kTtl));
  EXPECT_FALSE(another_process_->take_lease(sync_, "b", kNow + kTtl + Milliseconds{1}, kTtl));
}

TEST_F(LeaseTest, CanNotBeRenewedByWhoLostIt) {
  ASSERT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  ASSERT_TRUE(another_process_->take_lease(sync_, "b", kNow + 2 * kTtl, kTtl));
  EXPECT_FALSE(store_->renew_lease(sync_, "a", kNow + 2 * kTtl, kTtl));
  EXPECT_EQ(store_->lease_owner(sync_), "b");
}

TEST_F(LeaseTest, IsReleasedByItsOwnerAlone) {
  ASSERT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  another_process_->release_lease(sync_, "b");
  EXPECT_EQ(store_->lease_owner(sync_), "a");
  store_->release_lease(sync_, "a");
  EXPECT_FALSE(store_->lease_owner(sync_));
  EXPECT_TRUE(another_process_->take_lease(sync_, "b", kNow, kTtl));
}

TEST_F(LeaseTest, OfADeadOwnerIsTakenOverByTheFirstThatComes) {
  ASSERT_TRUE(store_->take_lease(sync_, "dead", kNow, kTtl));
  EXPECT_TRUE(store_->take_over_lease(sync_, "dead", "b", kNow, kTtl));
  EXPECT_FALSE(another_process_->take_over_lease(sync_, "dead", "c", kNow, kTtl));
  EXPECT_EQ(store_->lease_owner(sync_), "b");
}

TEST_F(LeaseTest, SurvivesThatTheSyncsRowIsPutAgain) {
  ASSERT_TRUE(store_->take_lease(sync_, "a", kNow, kTtl));
  new_sync(*store_);
  EXPECT_EQ(store_->lease_owner(sync_), "a");
}

}  // namespace
}  // namespace muster
