// A run whose lease another one took over while it waited for an answer, and one that gives up on
// who enters: neither may undo what it does not know.
#include <gtest/gtest.h>

#include <functional>

#include "runs/sync_world.hpp"
#include "support/forwarding_destination.hpp"

namespace muster::testing {
namespace {

//! Lets `then` happen between the answer to a batch and the host's knowing it.
class Delayed final : public ForwardingDestination {
 public:
  Delayed(std::unique_ptr<Destination> inner, std::function<void()> then)
      : ForwardingDestination(std::move(inner)), then_(std::move(then)) {}
  SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                  const AudienceEvents& events) override {
    auto result = inner().sync(header, operations, events);
    then_();
    return result;
  }

 private:
  std::function<void()> then_;
};

class Overtaken : public ::testing::Test {
 protected:
  Overtaken() {
    world.configure({"verify: false"});
    world.cohort(SyncWorld::people(3));
    world.run();
    world.around_destination = [this](std::unique_ptr<Destination> inner) {
      return std::make_unique<Delayed>(std::move(inner), [this] { overtake(); });
    };
  }
  //! Another run takes the sync over, and lists whoever this one has in hand.
  void overtake() {
    const auto store = world.store();
    const auto sync = store->sync("s")->id;
    ASSERT_TRUE(store->take_over_lease(sync, *store->lease_owner(sync), "another/1/1/1",
                                       world.clock.now(), Milliseconds{120'000}));
    std::vector<MemberRow> in_hand;
    const auto rows = store->members(sync);
    for (MemberRow row; rows->next(row);) {
      if (row.state != MemberState::kListed) in_hand.push_back(row);
    }
    for (auto& row : in_hand) {
      row.state = MemberState::kListed;
      row.record_id = "4711";
      store->put_member(sync, row);
    }
  }
  std::uint64_t listed_by_the_other() {
    const auto store = world.store();
    return store->count_listed_with_record(store->sync("s")->id, "4711");
  }
  void expect_that_it_gave_way() {
    const auto result = world.run();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind(), ErrorKind::kBusy);
    EXPECT_EQ(listed_by_the_other(), 1U);
  }

  SyncWorld world;
};

TEST_F(Overtaken, KeepsWhomTheOtherRunListed) {
  world.cohort(SyncWorld::people(2));
  expect_that_it_gave_way();
}

TEST_F(Overtaken, WritesNoRecordOverTheOthers) {
  world.cohort(SyncWorld::people(4));
  expect_that_it_gave_way();
}

//! Settles nobody who enters; tells that they are `record`, where there is one.
class Undecided final : public ForwardingDestination {
 public:
  explicit Undecided(std::unique_ptr<Destination> inner, std::string record = {})
      : ForwardingDestination(std::move(inner)), record_(std::move(record)) {}
  SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                  const AudienceEvents& events) override {
    SyncResult result;
    if (operations.front().kind == OperationKind::kRemove) {
      return inner().sync(header, operations, events);
    }
    const std::vector<ResolvedRecord> resolved{{0, record_}};
    if (!record_.empty() && events.resolved) events.resolved(resolved);
    result.outcomes.resize(operations.size());
    for (auto& outcome : result.outcomes) outcome.kind = OutcomeKind::kRetry;
    return result;
  }

 private:
  std::string record_;
};

TEST(GivenUp, WhoLeavesStaysWhileItMayBeWhoEnters) {
  SyncWorld world;
  auto& ada = world.hubspot.account().create("ada@example.com");
  world.hubspot.account().add_additional_email(ada, "ada@work.example.com");
  world.configure({"retry_for: 1s", "verify: false"});
  world.cohort({"ada@example.com", "bob@example.com"});
  ASSERT_FALSE(world.run().error);
  world.cohort({"ada@work.example.com"});
  world.around_destination = [](std::unique_ptr<Destination> inner) {
    return std::make_unique<Undecided>(std::move(inner));
  };
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
  EXPECT_EQ(result.run.figures.removed, 1U) << "bob, whom nothing holds back";
  EXPECT_EQ(world.listed(), std::set<simulator::ContactId>{ada.id});
}

//! The record of who enters is known, by the number of before it was merged.
TEST(GivenUp, WhoLeavesStaysWhileWhoEntersWasMergedIntoThem) {
  SyncWorld world;
  const auto ada = world.hubspot.account().create("ada@example.com").id;
  const auto bea = world.hubspot.account().create("bea@example.com").id;
  world.configure({"retry_for: 1s"});
  world.cohort({"ada@example.com", "bob@example.com"});
  ASSERT_FALSE(world.run().error);
  auto& account = world.hubspot.account();
  account.merge(*account.by_id(ada), *account.by_id(bea), true);
  world.cohort({"bea@example.com"});
  world.around_destination = [&](std::unique_ptr<Destination> inner) {
    return std::make_unique<Undecided>(std::move(inner), std::to_string(bea));
  };
  ASSERT_TRUE(world.run().error);
  EXPECT_EQ(world.listed(), std::set<simulator::ContactId>{ada});
}

}  // namespace
}  // namespace muster::testing
