// A column that is mapped to a property which can't take it is told before the first write
// (hubspot/api.md §4.5).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

TEST(PropertyMapping, ThatCantWorkIsToldBeforeTheFirstWrite) {
  struct Case {
    const char* mapping;
    const char* names;
    const char* says;
  };
  const Case cases[]{
      {"plan: plan_teir", "plan_teir", "does not exist"},
      {"plan: createdate", "createdate", "read-only"},
      {"plan: email", "email", "never writes"},
      {"plan: score", "score", "type number"},
      {"plan: lifecyclestage", "lifecyclestage", "type enumeration"},
      {"plan: renewal_date", "renewal_date", "type date"},
  };
  for (const auto& [mapping, names, says] : cases) {
    for (const auto& [count, has_list] :
         {std::pair(1, false), {20, false}, {1, true}, {20, true}}) {
      SCOPED_TRACE(fmt::format("{} {} {}", mapping, count, has_list));
      RunWorld world;
      std::vector<std::string> rows;
      for (int i = 0; i < count; ++i) rows.push_back(fmt::format("p{}@example.com,gold", i));
      world.cohort(rows, "email,plan");
      if (has_list) {
        EXPECT_FALSE(world.sync().error);
      }
      world.sync_keys = fmt::format("properties: {{{}}}", mapping);
      const auto result = world.sync();
      ASSERT_TRUE(result.error);
      EXPECT_EQ(result.error->code(), "hubspot.property");
      EXPECT_EQ(result.error->kind(), ErrorKind::kUsage);
      EXPECT_NE(result.error->message().find(names), std::string::npos) << result.error->message();
      EXPECT_NE(result.error->message().find(says), std::string::npos) << result.error->message();
      for (const auto& request : world.hubspot.log()) EXPECT_EQ(request.method, "GET");
    }
  }
}

TEST(PropertyMapping, WhoseValuesFittedOnceIsRightAlsoUnderAnotherName) {
  RunWorld world("properties: {points: score}");
  world.cohort({"a@example.com,1", "b@example.com,"}, "email,points");
  EXPECT_FALSE(world.sync().error);
  world.cohort_name = "Champions";
  world.cohort({"a@example.com,1", "b@example.com,n/a"}, "email,points");
  auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  world.cohort({"a@example.com,1", "b@example.com,none"}, "email,points");
  result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(world.members(), 2U);
}

//! That a property's former column fitted says nothing of the one that took its place.
TEST(PropertyMapping, OfAnotherColumnIsToldBeforeTheFirstWrite) {
  RunWorld world("properties: {points: score}");
  world.cohort({"a@example.com,1,gold", "b@example.com,2,"}, "email,points,plan");
  EXPECT_FALSE(world.sync().error);
  world.sync_keys = "properties: {plan: score}";
  world.hubspot.log().clear();
  auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "hubspot.property");
  for (const auto& request : world.hubspot.log()) EXPECT_EQ(request.method, "GET");
  world.sync_keys = "properties: {points: score}";
  EXPECT_FALSE(world.sync().error) << "the former mapping is right still";
}

//! A new member's slip is its own: whether the column fits, the members' updates tell.
TEST(PropertyMapping, OfAnotherColumnIsNotWrongForANewMembersValue) {
  RunWorld world("properties: {points: score}");
  world.cohort({"a@example.com,1,3", "b@example.com,2,4"}, "email,points,level");
  EXPECT_FALSE(world.sync().error);
  world.sync_keys = "properties: {level: score}";
  world.cohort({"a@example.com,1,3", "b@example.com,2,4", "c@example.com,1,none"},
               "email,points,level");
  const auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(world.members(), 3U);
  EXPECT_EQ(world.hubspot.account().by_email("a@example.com")->properties.at("score"), "3");
}

//! Of a mapping that a sync with a list gets the members' values tell, not one newcomer's.
TEST(PropertyMapping, OfAListIsNotWrongForANewMembersValue) {
  RunWorld world;
  world.cohort({"a@example.com,1", "b@example.com,2"}, "email,points");
  EXPECT_FALSE(world.sync().error);
  world.sync_keys = "properties: {points: score}";
  world.cohort({"a@example.com,1", "b@example.com,2", "c@example.com,n/a"}, "email,points");
  const auto result = world.sync();
  EXPECT_FALSE(result.error) << result.error->message();
  EXPECT_EQ(result.run.figures.not_updated, 1U);
  EXPECT_EQ(world.members(), 3U);
}

//! A few values among many rows, or behind what was sent, say nothing of the column.
TEST(PropertyMapping, IsNotWrongForAFewValuesOfARunOfMany) {
  PluginWorld world;
  world.header.property_names = {"score"};
  world.header.create_missing = false;
  const auto batch = [](std::size_t count, std::size_t with_value) {
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < count; ++i) {
      operations.push_back(PluginWorld::add(fmt::format("p{}@example.com", i)));
      operations.back().properties = {i < with_value ? "n/a" : ""};
    }
    return operations;
  };
  EXPECT_FALSE(world.sync(batch(10'000, 1)).failure);
  EXPECT_FALSE(world.sync(batch(5, 5)).failure);
  const auto many = world.sync(batch(30, 20));
  ASSERT_TRUE(many.failure);
  EXPECT_EQ(many.failure->code(), "hubspot.property");
  EXPECT_NE(many.failure->message().find("so far (20)"), std::string::npos);
}

TEST(PropertyMapping, OfOneSyncSaysNothingOfAnothers) {
  for (const bool same_instance : {true, false}) {
    PluginWorld world;
    world.header.property_names = {"score"};
    auto add = PluginWorld::add("a@example.com");
    add.properties = {"7"};
    EXPECT_FALSE(world.sync({add}).failure);
    if (!same_instance) world.start();
    world.header.audience_name = "amplitude_Champions";
    world.header.audience_known_as = world.header.audience_ref = "";
    add.properties = {"NaN"};
    const auto result = world.sync({add});
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->code(), "hubspot.property");
  }
}

TEST(PropertyMapping, IsCheckedWithOneCallARun) {
  RunWorld world("properties: {plan: plan_tier}");
  std::vector<std::string> rows;
  for (int i = 0; i < 300; ++i) rows.push_back(fmt::format("p{}@example.com,gold", i));
  world.cohort(rows, "email,plan");
  world.sync();
  EXPECT_EQ(world.hubspot.count("/crm/properties/"), 1U);
}

}  // namespace
}  // namespace muster::testing
