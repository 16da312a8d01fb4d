// A run keeps its lease: not at every beat, and also after its machine was suspended.
#include <gtest/gtest.h>

#include "run/lease.hpp"
#include "state/support.hpp"

namespace muster {
namespace {

//! A suspended machine: the wall clock went on, the other one stood still.
class SuspendedClock final : public Clock {
 public:
  Instant now() const override { return clock_.now() + suspended_; }
  Milliseconds elapsed() const override { return clock_.elapsed(); }
  void sleep_for(Milliseconds duration) override { clock_.advance(duration); }
  void suspend(Milliseconds duration) { suspended_ += duration; }

 private:
  VirtualClock clock_;
  Milliseconds suspended_{0};
};

class LeaseRenewal : public ::testing::Test {
 protected:
  bool is_free_at(Instant instant) {
    return another_process_->take_lease(sync_, "another", instant, Milliseconds{1});
  }
  testing::StateDir state_;
  std::unique_ptr<Store> store_ = state_.open();
  std::unique_ptr<Store> another_process_ = state_.open();
  SyncId sync_ = testing::new_sync(*store_).id;
  SuspendedClock clock_;
};

TEST_F(LeaseRenewal, GoesOnWhileTheRunBeats) {
  Lease lease(*store_, clock_, sync_, "this");
  for (int i = 0; i < 10; ++i) {
    clock_.sleep_for(std::chrono::seconds(60));
    lease.keep();
  }
  EXPECT_FALSE(is_free_at(clock_.now()));
}

TEST_F(LeaseRenewal, EndsWithoutABeat) {
  const Lease lease(*store_, clock_, sync_, "this");
  clock_.sleep_for(std::chrono::minutes(3));
  EXPECT_TRUE(is_free_at(clock_.now()));
}

TEST_F(LeaseRenewal, IsDoneAtTheFirstBeatAfterASuspension) {
  Lease lease(*store_, clock_, sync_, "this");
  clock_.suspend(std::chrono::minutes(3));
  lease.keep();
  EXPECT_FALSE(is_free_at(clock_.now()));
}

TEST_F(LeaseRenewal, EndsTheRunWhenAnotherTookTheSyncMeanwhile) {
  Lease lease(*store_, clock_, sync_, "this");
  clock_.suspend(std::chrono::minutes(3));
  ASSERT_TRUE(is_free_at(clock_.now()));
  EXPECT_THROW(lease.keep(), Error);
}

}  // namespace
}  // namespace muster
