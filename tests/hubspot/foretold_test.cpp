// The calls that a plan foretells are those that the run makes, where nothing goes wrong.
#include <gtest/gtest.h>

#include <tuple>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kEmail = "email";
constexpr const char* kContactId = "contact_id";

//! The kind of identifier, further keys of the sync, and how many members the cohort has.
using Case = std::tuple<const char*, const char*, std::size_t>;

class Foretold : public ::testing::TestWithParam<Case> {
 protected:
  Foretold() : world(std::get<1>(GetParam())) {
    for (const auto& email : PluginWorld::people(1'500)) {
      ids.push_back(std::to_string(world.hubspot.account().create(email).id));
    }
    if (by_id()) world.identifier = "{column: id, as: contact_id}";
  }
  static bool by_id() { return std::get<0>(GetParam()) == std::string(kContactId); }
  static std::size_t size() { return std::get<2>(GetParam()); }

  void cohort(std::size_t first, std::size_t count) {
    const auto people = by_id() ? ids : PluginWorld::people(1'500);
    const auto begin = people.begin() + static_cast<std::ptrdiff_t>(first);
    world.cohort({begin, begin + static_cast<std::ptrdiff_t>(count)}, by_id() ? "id" : "email");
  }
  void expect_as_foretold(const char* what, bool look_up = false) {
    SCOPED_TRACE(what);
    PreviewOptions options;
    options.look_up = look_up;
    const auto foretold = world.preview(options).estimate.calls;
    RunOptions allowing;
    allowing.allow_removals = true;
    const auto result = world.sync(allowing);
    EXPECT_FALSE(result.error) << result.error->what();
    EXPECT_EQ(result.run.figures.calls, foretold);
    EXPECT_EQ(world.hubspot.log().size(), foretold);
    world.clock.advance(std::chrono::hours(2));
  }

  RunWorld world;
  std::vector<std::string> ids;
};

TEST_P(Foretold, AreTheCallsOfARun) {
  cohort(0, size());
  expect_as_foretold("first");
  expect_as_foretold("nothing to do");
  cohort(0, size() + 50);
  expect_as_foretold("adds");
  cohort(20, size() + 60);
  expect_as_foretold("adds and removes");
  cohort(40, size() + 20);
  expect_as_foretold("removes");
  cohort(0, 0);
  expect_as_foretold("empty");
}

TEST_P(Foretold, AreTheCallsOfAFirstRunThatWasLookedUp) {
  cohort(0, size());
  expect_as_foretold("first", true);
  cohort(20, size());
  expect_as_foretold("later", true);
}

//! With nothing in HubSpot that is known of the cohort.
TEST(ForetoldCreations, AreCountedWhereTheyWereLookedUp) {
  for (const std::size_t count : {1U, 100U, 250U}) {
    SCOPED_TRACE(count);
    RunWorld world;
    world.cohort(PluginWorld::people(count));
    PreviewOptions looking_up;
    looking_up.look_up = true;
    const auto foretold = world.preview(looking_up).estimate.calls;
    EXPECT_EQ(world.sync().run.figures.calls, foretold);
  }
}

//! Whom HubSpot refused for a property that it requires no longer.
TEST(ForetoldCreations, OfMembersThatWereRefusedAreCounted) {
  for (const std::size_t count : {1U, 100U, 140U}) {
    SCOPED_TRACE(count);
    RunWorld world;
    world.hubspot.switches().required_on_create = {"firstname"};
    world.cohort(PluginWorld::people(count));
    ASSERT_EQ(world.sync().run.figures.listed, 0U);
    world.hubspot.switches().required_on_create = {};
    PreviewOptions looking_up;
    looking_up.look_up = true;
    const auto foretold = world.preview(looking_up).estimate.calls;
    const auto run = world.sync();
    EXPECT_EQ(run.run.figures.created, count);
    EXPECT_EQ(run.run.figures.calls, foretold);
  }
}

TEST(ForetoldMatching, OfMembersThatAreIdentifiedAnewIsCounted) {
  RunWorld world;
  std::vector<std::string> rows;
  for (const auto& email : PluginWorld::people(250)) {
    rows.push_back(fmt::format("{},{}", email, world.hubspot.account().create(email).id));
  }
  world.identifier = "{column: id, as: contact_id}";
  world.cohort(rows, "email,id");
  world.sync();
  world.identifier = "{column: email, as: email}";
  PreviewOptions looking_up;
  looking_up.look_up = true;
  const auto foretold = world.preview(looking_up).estimate.calls;
  const auto run = world.sync();
  EXPECT_EQ(run.run.figures.unchanged, 250U);
  EXPECT_EQ(run.run.figures.calls, foretold);
}

INSTANTIATE_TEST_SUITE_P(Plans, Foretold,
                         ::testing::Combine(::testing::Values(kEmail, kContactId),
                                            ::testing::Values("verify: true", "verify: false"),
                                            ::testing::Values(0U, 1U, 100U, 250U, 1'000U)));

}  // namespace
}  // namespace muster::testing
