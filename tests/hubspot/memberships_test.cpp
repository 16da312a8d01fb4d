// How many memberships are written at a time (hubspot/api.md §5): the size follows what HubSpot
// takes, and what it refused is remembered.
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kChange = "/memberships/add-and-remove";

class Memberships : public ::testing::Test {
 protected:
  Memberships() {
    world.header.kind = "contact_id";
    world.header.create_missing = false;
    world.after_response = [this](const simulator::SimRequest& request,
                                  simulator::SimResponse& response) {
      if (request.path().find(kChange) == std::string::npos) return;
      const auto body = boost::json::parse(request.body);
      sizes.push_back(body.at("recordIdsToAdd").as_array().size() +
                      body.at("recordIdsToRemove").as_array().size());
      statuses.push_back(response.status);
    };
  }

  //! So many new contacts, to be added by id.
  std::vector<Operation> adds(std::size_t count) {
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < count; ++i) {
      operations.push_back(
          PluginWorld::add(world.contact(fmt::format("m{}@example.com", next_++))));
    }
    return operations;
  }
  //! Writes of the latest batch.
  Destination::SyncResult sync(const std::vector<Operation>& operations) {
    sizes.clear();
    statuses.clear();
    return world.sync(operations);
  }

  PluginWorld world;
  std::vector<std::size_t> sizes;
  std::vector<int> statuses;

 private:
  int next_ = 0;
};

TEST_F(Memberships, BeginWithAThousandAndDoubleToTenThousand) {
  sync(adds(10'000));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1'000, 2'000, 4'000, 3'000}));
  sync(adds(10'000));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8'000, 2'000}));
  sync(adds(10'000));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{10'000}));
}

TEST_F(Memberships, AddsAndRemovesAreOneCall) {
  const auto first = adds(2);
  sync(first);
  auto both = adds(2);
  both.push_back(PluginWorld::remove_record(first[0].identifier));
  const auto result = sync(both);
  EXPECT_EQ(sizes, std::vector<std::size_t>{3});
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 3U);
  EXPECT_EQ(world.members().size(), 3U);
}

TEST_F(Memberships, ASizeThatWasRefusedIsNotTriedAgain) {
  for (const int status : {400, 413}) {
    if (status == 413) {
      world.start();
      world.hubspot.switches().largest_membership_write = 100'000;
      world.before_request = [&](const simulator::SimRequest& request) {
        if (request.path().find(kChange) == std::string::npos) return;
        const auto ids = boost::json::parse(request.body).at("recordIdsToAdd").as_array().size();
        if (ids > 1'500) {
          world.hubspot.faults().add({kChange, "PUT", 0, 1, "status", 413, "", -1, 0, false});
        }
      };
    } else {
      world.hubspot.switches().largest_membership_write = 1'500;
    }
    EXPECT_EQ(PluginWorld::count(sync(adds(6'000)), OutcomeKind::kApplied), 6'000U);
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), status), 1);
    EXPECT_EQ(PluginWorld::count(sync(adds(6'000)), OutcomeKind::kApplied), 6'000U);
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), status), 0);
    EXPECT_EQ(sizes, std::vector<std::size_t>(6, 1'000));
  }
}

TEST_F(Memberships, ATimeoutHalvesForGood) {
  world.hubspot.faults().add({kChange, "PUT", 0, 1, "reset", 0, "", -1, 0, true});
  const auto first = adds(1'000);
  const auto lost = sync(first);
  EXPECT_EQ(PluginWorld::count(lost, OutcomeKind::kInDoubt), 1'000U);
  const auto again = sync(first);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{500, 500}));
  EXPECT_EQ(PluginWorld::count(again, OutcomeKind::kUnchanged), 1'000U) << "it had been applied";
}

TEST_F(Memberships, ARefusedIdIsFoundByHalvesAndDoesNotShrinkTheChunks) {
  world.before_request = [&](const simulator::SimRequest& request) {
    const bool holds = request.body.find("\"4242424242\"") != std::string::npos;
    if (holds && request.path().find(kChange) != std::string::npos) {
      world.hubspot.faults().add({kChange, "PUT", 0, 1, "status", 400, "", -1, 0, false});
    }
  };
  auto operations = adds(999);
  operations.insert(operations.begin() + 500, PluginWorld::add("4242424242"));
  const auto result = sync(operations);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 999U);
  EXPECT_EQ(result.outcomes[500].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[500].detail, "HTTP_400");
  EXPECT_LE(sizes.size(), 1 + 2 * 10U);
  EXPECT_EQ(world.hubspot.count("/crm/lists/2026-09/9", "GET"), 1U)
      << "the list is looked at once, not at each level";
  sync(adds(1'000));
  EXPECT_EQ(sizes, std::vector<std::size_t>{1'000});
}

TEST_F(Memberships, TheLargestChunkIsTheSettings) {
  PluginWorld small(PluginWorld::Settings{{"membership_chunk", "300"}});
  small.header.kind = "contact_id";
  small.header.create_missing = false;
  std::vector<Operation> operations;
  for (const auto& email : PluginWorld::people(700)) {
    operations.push_back(PluginWorld::add(small.contact(email)));
  }
  EXPECT_EQ(PluginWorld::count(small.sync(operations), OutcomeKind::kApplied), 700U);
  EXPECT_EQ(small.hubspot.count(kChange), 3U);
}

}  // namespace
}  // namespace muster::testing
