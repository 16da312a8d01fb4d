// How many calls a batch of work takes (README.md, "Calls"): measured on the simulator, and
// foretold by the plugin.
#include <gtest/gtest.h>

#include <functional>

#include "hubspot/plugin_world.hpp"

namespace muster::testing {
namespace {

constexpr std::size_t kBatch = 10'000;

enum class Known { kAll, kNone, kHalf };

//! Sends so many members as the host does, in batches of max_batch; returns the calls.
std::size_t calls_for(PluginWorld& world, std::size_t members, const std::string& kind,
                      Known known) {
  world.header.kind = kind;
  world.header.create_missing = kind == "email";
  std::vector<Operation> operations;
  const auto people = PluginWorld::people(members);
  for (std::size_t i = 0; i < members; ++i) {
    const bool exists = known == Known::kAll || (known == Known::kHalf && i % 2 == 0);
    const auto id = exists ? world.contact(people[i]) : std::string{};
    operations.push_back(PluginWorld::add(kind == "email" ? people[i] : id));
  }
  for (std::size_t begin = 0; begin < members; begin += kBatch) {
    const auto from = operations.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto size = std::min(kBatch, members - begin);
    const auto result = world.sync({from, from + static_cast<std::ptrdiff_t>(size)});
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), size);
  }
  EXPECT_EQ(world.members().size(), members);
  return world.hubspot.log().size();
}

std::size_t bound(std::size_t members, const std::string& kind) {
  const auto parts = [&](std::size_t size) { return (members + size - 1) / size; };
  // log2 steps of the chunk: 1,000, 2,000, 4,000, 8,000.
  return kind == "email" ? parts(100) + parts(10'000) + 10 : parts(10'000) + 4 + 10;
}

struct Case {
  const char* resolve;
  const char* kind;
  Known known;
};

class Calls : public ::testing::TestWithParam<Case> {};

TEST_P(Calls, AreNearTheMinimum) {
  for (const std::size_t members : {100U, 10'000U, 30'000U}) {
    PluginWorld world(PluginWorld::Settings{{"resolve", GetParam().resolve}});
    const auto calls = calls_for(world, members, GetParam().kind, GetParam().known);
    EXPECT_LE(calls, bound(members, GetParam().kind)) << members;
    RecordProperty(fmt::format("calls_{}", members), static_cast<int>(calls));
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, Calls,
                         ::testing::Values(Case{"read_first", "email", Known::kAll},
                                           Case{"auto", "email", Known::kAll},
                                           Case{"create_first", "email", Known::kAll},
                                           Case{"create_first", "email", Known::kNone},
                                           Case{"create_first", "email", Known::kHalf},
                                           Case{"auto", "email", Known::kNone},
                                           Case{"auto", "contact_id", Known::kAll}));

TEST(CallsOfCreateFirst, AreReadOnceWhereConflictsNameNobody) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().conflict_ids = "none";
  calls_for(world, 2'000, "email", Known::kAll);
  // The first 300 are created in vain; then it reads, and remembers.
  EXPECT_EQ(world.hubspot.count("/batch/create"), 3U);
  EXPECT_EQ(world.hubspot.count("/batch/read"), 20U);
  world.hubspot.log().clear();
  world.start();
  const auto known = PluginWorld::people(500, "later");
  for (const auto& email : known) world.contact(email);
  world.sync(PluginWorld::adds(known));
  EXPECT_EQ(world.hubspot.count("/batch/read"), 5U) << "a later run begins with reading";
  EXPECT_EQ(world.hubspot.count("/batch/create"), 0U);
}

//! From now on, these conflicts of a creation tell no id: counted from 0.
void leave_ids_out(PluginWorld& world, std::function<bool(int)> which) {
  world.after_response = [which = std::move(which), seen = 0](
                             const simulator::SimRequest& request,
                             simulator::SimResponse& response) mutable {
    if (request.path().find("/batch/create") == std::string::npos) return;
    auto body = boost::json::parse(response.body);
    auto* errors = body.as_object().if_contains("errors");
    if (errors == nullptr) return;
    for (auto& error : errors->as_array()) {
      auto& conflict = error.as_object();
      if (conflict.at("category") != "CONFLICT" || !which(seen++)) continue;
      conflict["message"] = "Contact already exists";
      conflict["context"].as_object().erase("existingId");
    }
    response.body = boost::json::serialize(body);
  };
}

TEST(CallsOfCreateFirst, AreNearTheMinimumThoughOneConflictNamesNobody) {
  for (const int which : {0, 250, 299}) {
    PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
    leave_ids_out(world, [which](int seen) { return seen == which; });
    calls_for(world, 1'000, "email", Known::kAll);
    EXPECT_EQ(world.hubspot.count("/batch/create"), 10U);
    EXPECT_EQ(world.hubspot.count("/batch/read"), 1U) << "the one";
    world.hubspot.log().clear();
    world.start();
    const auto result = world.sync(PluginWorld::adds(PluginWorld::people(kBatch, "later")));
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), kBatch);
    EXPECT_LE(world.hubspot.log().size(), bound(kBatch, "email"));
  }
}

TEST(CallsOfCreateFirst, AreNearTheMinimumForNewAddressesThoughConflictsNameNobody) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().conflict_ids = "none";
  calls_for(world, 2'000, "email", Known::kAll);
  world.hubspot.log().clear();
  world.start();
  const auto result = world.sync(PluginWorld::adds(PluginWorld::people(kBatch, "later")));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), kBatch);
  EXPECT_LE(world.hubspot.log().size(), bound(kBatch, "email"));
}

TEST(CallsOfCreateFirst, AreSoAgainOnceConflictsNameTheirContacts) {
  PluginWorld world(PluginWorld::Settings{{"resolve", "create_first"}});
  world.hubspot.switches().conflict_ids = "none";
  calls_for(world, 2'000, "email", Known::kAll);
  world.hubspot.switches().conflict_ids = "context";
  std::size_t creations = 0;
  for (int run = 0; run < 6; ++run) {
    const auto people = PluginWorld::people(400, fmt::format("run{}-", run));
    for (const auto& email : people) world.contact(email);
    world.hubspot.log().clear();
    world.start();
    world.sync(PluginWorld::adds(people));
    creations = world.hubspot.count("/batch/create");
  }
  EXPECT_EQ(creations, 4U);
  EXPECT_EQ(world.hubspot.count("/batch/read"), 0U);
}

TEST(CallsOfAuto, BeginAsTheLastRunEnded) {
  PluginWorld world;
  calls_for(world, 1'000, "email", Known::kNone);
  world.hubspot.log().clear();
  world.start();
  world.sync(PluginWorld::adds(PluginWorld::people(300, "later")));
  EXPECT_EQ(world.hubspot.count("/batch/create"), 3U);
  EXPECT_EQ(world.hubspot.count("/batch/read"), 0U);
}

TEST(Estimate, IsWhatThePlanTakes) {
  struct Foretold {
    const char* resolve;
    const char* kind;
    Known known;
  };
  for (const auto& [resolve, kind, known] :
       {Foretold{"read_first", "email", Known::kAll}, Foretold{"read_first", "email", Known::kHalf},
        Foretold{"create_first", "email", Known::kHalf},
        Foretold{"create_first", "email", Known::kNone}, Foretold{"auto", "email", Known::kHalf},
        Foretold{"auto", "email", Known::kNone}, Foretold{"auto", "email", Known::kAll},
        Foretold{"auto", "contact_id", Known::kAll}}) {
    for (const std::size_t members : {50U, 1'500U, 25'000U}) {
      PluginWorld world(PluginWorld::Settings{{"resolve", resolve}});
      EstimateRequest request;
      request.kind = kind;
      request.create_missing = std::string(kind) == "email";
      request.adds = members;
      request.missing = known == Known::kAll ? 0 : known == Known::kNone ? members : members / 2;
      const auto foretold = world.destination().estimate(request).calls;
      const auto calls = calls_for(world, members, kind, known);
      EXPECT_NEAR(static_cast<double>(foretold), static_cast<double>(calls),
                  2.0 + 0.01 * static_cast<double>(calls))
          << resolve << ' ' << kind << ' ' << members;
    }
  }
}

TEST(Estimate, CountsTheLookAtAListForWhichContactsMayBeCreated) {
  for (const bool creates : {true, false}) {
    PluginWorld world;
    world.sync(PluginWorld::adds(PluginWorld::people(5)));
    world.start();
    world.hubspot.log().clear();
    for (const auto& email : PluginWorld::people(250, "known")) world.contact(email);
    EstimateRequest request;
    request.kind = "email";
    request.create_missing = creates;
    request.has_audience = true;
    request.adds = 250;
    request.missing = 0;
    const auto foretold = world.destination().estimate(request).calls;
    world.header.create_missing = creates;
    world.sync(PluginWorld::adds(PluginWorld::people(250, "known")));
    EXPECT_EQ(foretold, world.hubspot.log().size()) << creates;
    EXPECT_LE(world.hubspot.log().size(), bound(250, "email"));
  }
}

TEST(Estimate, CountsTheReadBackAndTheChunksAsTheyGrow) {
  PluginWorld world;
  EstimateRequest request;
  request.kind = "contact_id";
  request.has_audience = true;
  request.adds = 20'000;
  EXPECT_EQ(world.destination().estimate(request).calls, 6U) << "1 + 2 + 4 + 3, 8 + 2 thousand";
  request.verify = true;
  request.audience_size = 20'000;
  EXPECT_EQ(world.destination().estimate(request).calls, 6U + 1 + 80);
}

}  // namespace
}  // namespace muster::testing
