// What is told of a list's origin: one that was there before is taken over, one of ours is not.
#include <gtest/gtest.h>

#include "runs/sync_world.hpp"
#include "support/forwarding_destination.hpp"

namespace muster::testing {
namespace {

//! Makes its list without announcing it first.
class Unannounced final : public ForwardingDestination {
 public:
  using ForwardingDestination::ForwardingDestination;
  SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                  const AudienceEvents& events) override {
    auto silent = events;
    silent.creating = [](std::string_view) {};
    return inner().sync(header, operations, silent);
  }
};

bool tells_of_taking_over(const SyncWorld& world) {
  return std::any_of(world.told.notices.begin(), world.told.notices.end(), [](const auto& notice) {
    return notice.find("taken over") != std::string::npos;
  });
}

TEST(Adoption, IsNotToldOfAListThatWasMadeUnannounced) {
  SyncWorld world;
  world.around_destination = [](std::unique_ptr<Destination> inner) {
    return std::make_unique<Unannounced>(std::move(inner));
  };
  world.cohort({"ada@example.com"});
  EXPECT_FALSE(world.run().error);
  EXPECT_FALSE(tells_of_taking_over(world));
}

TEST(Adoption, IsToldOfAListThatWasThere) {
  SyncWorld world;
  world.hubspot.account().create_list(SyncWorld::kList);
  world.cohort({"ada@example.com"});
  RunOptions options;
  options.full = true;
  EXPECT_FALSE(world.run(options).error);
  EXPECT_TRUE(tells_of_taking_over(world));
  EXPECT_NE(world.told.notices.front().find("it holds nobody else"), std::string::npos)
      << world.told.notices.front();
}

}  // namespace
}  // namespace muster::testing
