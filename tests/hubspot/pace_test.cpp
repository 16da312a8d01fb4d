// The pace at the account's limit, in virtual time (hubspot/api.md §7, §10.16).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr std::int64_t kLimit = 110;
constexpr double kWindowMs = 10'000;

//! Reads so many contacts; the calls for each window that were started, of `most` at best. Measured
//! from the first call to the first one of the last window: there a whole number of windows is
//! over.
double calls_per_window(PluginWorld& world, std::size_t contacts, std::size_t most) {
  world.hubspot.switches().burst_limit = kLimit;
  world.header.create_missing = false;
  world.header.audience_ref = std::to_string(world.account().create_list("l").id);
  world.header.audience_known_as = world.header.audience_name;
  std::vector<Milliseconds> starts;
  world.before_request = [&](const simulator::SimRequest&) {
    starts.push_back(world.clock.elapsed());
  };
  const auto people = PluginWorld::people(contacts);
  for (std::size_t begin = 0; begin < contacts; begin += 10'000) {
    const auto from = people.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto size = std::min<std::size_t>(10'000, contacts - begin);
    const auto result =
        world.sync(PluginWorld::adds({from, from + static_cast<std::ptrdiff_t>(size)}));
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kNotFound), size);
  }
  world.before_request = {};
  if (starts.size() <= most) return 0;
  const auto windows = (starts.size() - 1) / most;
  return static_cast<double>(windows * most) * kWindowMs /
         static_cast<double>((starts[windows * most] - starts.front()).count());
}

class Pace : public ::testing::TestWithParam<int> {};

TEST_P(Pace, AloneKeepsNinetySevenPercentOfTheLimitAndNeverMeetsIt) {
  PluginWorld world(PluginWorld::Settings{}, Milliseconds{GetParam()});
  const auto rate = calls_per_window(world, 200'000, kLimit);
  EXPECT_GE(rate, 0.97 * kLimit);
  EXPECT_EQ(world.hubspot.limiter().refused(), 0U);
}

INSTANTIATE_TEST_SUITE_P(LatencyMs, Pace, ::testing::Values(20, 150, 309, 500, 700));

TEST(PaceShare, OfTheUserIsRespected) {
  PluginWorld world(PluginWorld::Settings{}, Milliseconds{100});
  world.start(0.5);
  const auto rate = calls_per_window(world, 60'000, kLimit / 2);
  EXPECT_LE(rate, 0.5 * kLimit * 1.01);
  EXPECT_GE(rate, 0.5 * kLimit * 0.95);
}

TEST(PaceLimit, IsTheAccountsOwnFromTheFirstAnswerOn) {
  for (const std::int64_t limit : {40, 190}) {
    PluginWorld world(PluginWorld::Settings{}, Milliseconds{50});
    calls_per_window(world, 0, kLimit);
    world.hubspot.switches().burst_limit = limit;
    const auto people = PluginWorld::people(10'000);
    const auto began = world.clock.elapsed();
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(world.sync(PluginWorld::adds(people)).failure);
    const auto windows = static_cast<double>((world.clock.elapsed() - began).count()) / kWindowMs;
    // 500 calls: the first window's at once, the others at the account's own pace.
    EXPECT_LE(windows,
              (500.0 - static_cast<double>(limit)) / (0.97 * static_cast<double>(limit)) + 0.6)
        << limit;
    EXPECT_EQ(world.hubspot.limiter().refused(), 0U) << limit;
  }
}

//! Latency in ms; how much of the quota the other one takes.
class PaceShared : public ::testing::TestWithParam<std::pair<int, double>> {};

TEST_P(PaceShared, WithAnotherClientFinishesWithoutADropAndHardlyMeetsTheLimit) {
  const auto [latency, taken_by_other] = GetParam();
  RunWorld world("verify: false");
  world.latency = Milliseconds{latency};
  world.hubspot.switches().burst_limit = kLimit;
  std::vector<std::string> people = PluginWorld::people(30'000);
  for (const auto& email : people) world.hubspot.account().create(email);
  world.cohort(people);
  std::int64_t taken = 0;
  Milliseconds since{0};
  const auto per_window = taken_by_other * static_cast<double>(kLimit);
  world.before_request = [&, per_window = per_window](const simulator::SimRequest&) {
    const auto now = world.clock.elapsed();
    const auto due =
        static_cast<std::int64_t>(static_cast<double>(now.count()) * per_window / kWindowMs);
    world.hubspot.limiter().use_by_others_since(since, due - taken);
    taken = due;
    since = now;
  };
  const auto began = world.clock.elapsed();
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.run.figures.listed, 30'000U);
  EXPECT_EQ(world.members(), 30'000U);
  // Before the first answer nobody knows of the other one: what is under way may meet the limit.
  EXPECT_LE(world.hubspot.limiter().refused(), 20U);
  RecordProperty("refused", static_cast<int>(world.hubspot.limiter().refused()));
  // It takes the part that the other one leaves, and not much less.
  const auto windows = static_cast<double>((world.clock.elapsed() - began).count()) / kWindowMs;
  const auto left = static_cast<double>(kLimit) - per_window;
  EXPECT_LE(windows, 312.0 / (0.8 * left) + 1.5);
}

INSTANTIATE_TEST_SUITE_P(Clients, PaceShared,
                         ::testing::Values(std::pair{100, 0.5}, std::pair{20, 0.5},
                                           std::pair{500, 0.5}, std::pair{100, 0.25},
                                           std::pair{100, 0.8}));

TEST(Pace, OneRequestIsUnderWayBeforeAnAnswerTellsTheLimitUnlessNoneDoes) {
  for (const bool tells : {true, false}) {
    SCOPED_TRACE(tells);
    PluginWorld world;
    world.hubspot.switches().burst_limit = kLimit;
    world.header.create_missing = false;
    std::vector<Milliseconds> begun;
    world.before_request = [&](const simulator::SimRequest& request) {
      if (request.path().find("/batch/read") != std::string::npos) {
        begun.push_back(world.clock.elapsed());
      }
    };
    world.after_response = [&](const simulator::SimRequest&, simulator::SimResponse& response) {
      if (!tells) response.headers.clear();
    };
    world.header.audience_ref = std::to_string(world.account().create_list("l").id);
    world.header.audience_known_as = world.header.audience_name;
    world.sync(PluginWorld::adds(PluginWorld::people(1'000)));
    ASSERT_EQ(begun.size(), 10U);
    EXPECT_GT(begun[1], begun[0]);
    EXPECT_EQ(begun[1] == begun[2], tells);
    EXPECT_EQ(begun[8], begun[9]) << "not one after the other for ever";
  }
}

}  // namespace
}  // namespace muster::testing
