// What HubSpot's "later" and its failures mean (hubspot/api.md §7), through whole runs: nobody is
// lost, and what a person can do is said.
#include <gtest/gtest.h>

#include <map>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kRead = "/contacts/batch/read";
constexpr const char* kCreate = "/contacts/batch/create";
constexpr const char* kChange = "/memberships/add-and-remove";

std::vector<std::string> contacts(RunWorld& world, std::size_t count) {
  auto people = PluginWorld::people(count);
  for (const auto& email : people) world.hubspot.account().create(email);
  return people;
}

simulator::Fault status(const char* path, int code, std::int64_t count = 1, const char* policy = "",
                        std::int64_t retry_after_s = -1, bool applied = false) {
  return {path, "", 0, count, "status", code, policy, retry_after_s, 0, applied};
}

// ---- One failure, then success

TEST(Trouble, OfAMomentIsPassedAndLosesNobody) {
  struct Case {
    const char* path;
    int code;
    const char* policy;
    std::int64_t retry_after_s;
    std::int64_t at_least_ms;  //!< that the run waits
  };
  const Case cases[]{
      {kRead, 429, "TEN_SECONDLY_ROLLING", -1, 10'000},
      {kRead, 429, "TEN_SECONDLY_ROLLING", 3, 3'000},
      {kChange, 429, "SECONDLY", -1, 1'000},
      {kChange, 429, "SECONDLY", 2, 2'000},
      {kCreate, 423, "", -1, 2'000},
      {kChange, 423, "", -1, 2'000},
      {kRead, 500, "", -1, 0},
      {kCreate, 502, "", -1, 0},
      {kChange, 503, "", -1, 0},
      {kChange, 524, "", -1, 0},
      {kRead, 521, "", -1, 0},
      {kRead, 408, "", -1, 0},
  };
  for (const auto& [path, code, policy, retry_after_s, at_least_ms] : cases) {
    RunWorld world;
    auto people = contacts(world, 150);
    for (const auto& email : PluginWorld::people(50, "new")) people.push_back(email);
    world.cohort(people);
    world.hubspot.faults().add(status(path, code, 1, policy, retry_after_s));
    const auto began = world.clock.elapsed();
    const auto result = world.sync();
    EXPECT_FALSE(result.error) << path << code << result.error->message();
    EXPECT_EQ(world.members(), 200U) << path << code;
    EXPECT_EQ(result.run.figures.listed, 200U) << path << code;
    EXPECT_GE((world.clock.elapsed() - began).count(), at_least_ms) << path << code << policy;
  }
}

TEST(Trouble, OfTheFirstCheckOfATokenIsPassedAndLastsNoLongerThanTheSyncSays) {
  struct Case {
    int code;
    const char* policy;
    std::int64_t count;
    bool passes;
  };
  for (const auto& [code, policy, count, passes] :
       {Case{503, "", 2, true}, Case{429, "TEN_SECONDLY_ROLLING", 1, true}, Case{423, "", 1, true},
        Case{503, "", -1, false}, Case{429, "DAILY", -1, false}}) {
    SCOPED_TRACE(fmt::format("{} {}", code, count));
    RunWorld world("retry_for: 30s");
    world.cohort(contacts(world, 3));
    world.hubspot.faults().add(status("/account-info/", code, count, policy));
    const auto began = world.clock.elapsed();
    const auto result = world.sync();
    EXPECT_EQ(!result.error, passes);
    EXPECT_EQ(world.members(), passes ? 3U : 0U);
    EXPECT_EQ(result.cohort_was_read, passes);
    EXPECT_LE(world.clock.elapsed() - began, Milliseconds{35'000});
    if (passes) continue;
    EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
    EXPECT_EQ(result.run.status, RunStatus::kWaiting);
    world.hubspot.faults().clear();
    EXPECT_FALSE(world.sync().error) << "the next run goes on";
  }
}

TEST(Trouble, OfTheFirstCheckOfATokenIsToldOnceUnlessItPassesAtOnce) {
  for (const auto& [count, told] : {std::pair(std::int64_t{1}, 0U), {4, 1U}, {-1, 1U}}) {
    SCOPED_TRACE(count);
    RunWorld world("retry_for: 30s");
    world.cohort(contacts(world, 3));
    world.hubspot.faults().add(status("/account-info/", 423, count));
    world.sync();
    std::vector<std::string> notices;
    std::copy_if(world.notices.begin(), world.notices.end(), std::back_inserter(notices),
                 [](const std::string& notice) {
                   return notice.find("it is asked again, for 30 s at most") != std::string::npos;
                 });
    EXPECT_EQ(notices.size(), told);
  }
}

TEST(Trouble, AfterTheWriteWasAppliedRepeatsItWithoutHarm) {
  for (const auto* path : {kCreate, kChange}) {
    for (const auto* kind : {"reset", "truncated"}) {
      RunWorld world;
      world.cohort(PluginWorld::people(120));
      world.hubspot.faults().add({path, "", 0, 1, kind, 0, "", -1, 0, true});
      const auto result = world.sync();
      EXPECT_FALSE(result.error) << path << kind;
      EXPECT_EQ(world.members(), 120U);
      EXPECT_EQ(world.hubspot.account().contacts().size(), 120U) << "nobody was created twice";
    }
  }
}

TEST(Lock, FromWritingTooMuchAtOnceIsWaitedForAndAsksForLessAtOnce) {
  RunWorld world;
  world.cohort(PluginWorld::people(5'000));
  world.hubspot.faults().add({kCreate, "POST", 16, 8, "status", 423, "", -1, 0, false});
  std::map<std::int64_t, std::size_t> starts;  // of creations, by their time
  std::int64_t locked_at = -1;
  world.before_request = [&](const simulator::SimRequest& request) {
    if (request.path().find(kCreate) == std::string::npos) return;
    ++starts[world.clock.elapsed().count()];
  };
  world.after_response = [&](const simulator::SimRequest&, simulator::SimResponse& response) {
    if (response.status == 423) locked_at = world.clock.elapsed().count();
  };
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(world.members(), 5'000U);
  EXPECT_EQ(result.run.figures.created, 5'000U);
  ASSERT_GE(locked_at, 0);
  const auto next = starts.upper_bound(locked_at);
  ASSERT_NE(next, starts.end());
  EXPECT_GE(next->first, locked_at + 2'000) << "the lock lasts 2 s";
  EXPECT_LE(next->second, 8U);
  EXPECT_GE(starts.begin()->second, 12U) << "before it, as many as there may be";
}

TEST(Trouble, OfALostAnswerHidesNoContactThatWasCreated) {
  for (const auto* resolve : {"read_first", "create_first"}) {
    for (const auto* kind : {"reset", "truncated", "empty_results"}) {
      RunWorld world("", std::string("resolve: ") + resolve);
      world.clock.advance(std::chrono::hours(1));
      auto people = contacts(world, 20);  // they are there, and not of our making
      world.clock.advance(std::chrono::hours(1));
      for (const auto& email : PluginWorld::people(50, "new")) people.push_back(email);
      world.cohort(people);
      world.hubspot.faults().add({kCreate, "", 0, 1, kind, 200, "", -1, 0, true});
      const auto result = world.sync();
      EXPECT_FALSE(result.error) << resolve << kind;
      EXPECT_EQ(world.hubspot.account().contacts().size(), 70U);
      EXPECT_EQ(result.run.figures.created, 50U) << resolve << ' ' << kind;
    }
  }
}

TEST(Trouble, ThatLastsEndsTheRunForLaterWithAHint) {
  struct Case {
    int code;
    const char* expected;
  };
  for (const auto& [code, expected] :
       {Case{503, "hubspot.failing"}, Case{524, "hubspot.failing"}}) {
    RunWorld world("retry_for: 30s");
    world.cohort(contacts(world, 30));
    world.hubspot.faults().add(status(kRead, code, -1));
    const auto result = world.sync();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
    EXPECT_EQ(result.run.status, RunStatus::kWaiting);
    EXPECT_FALSE(result.error->hint().empty());
    EXPECT_EQ(result.run.figures.to_retry, 30U);
    world.hubspot.faults().clear();
    EXPECT_FALSE(world.sync().error);
    EXPECT_EQ(world.members(), 30U);
  }
}

TEST(Trouble, OfOneAddressDoesNotHoldUpTheOthersForGood) {
  for (const auto* resolve : {"read_first", "create_first"}) {
    RunWorld world("retry_for: 60s", std::string("resolve: ") + resolve);
    world.cohort(PluginWorld::people(100));
    world.before_request = [&](const simulator::SimRequest& request) {
      const bool poisoned = request.body.find("person42@example.com") != std::string::npos;
      if (poisoned) world.hubspot.faults().add(status("/contacts/batch/", 500));
    };
    const auto result = world.sync();
    ASSERT_TRUE(result.error) << resolve;
    EXPECT_EQ(result.error->kind(), ErrorKind::kLater) << resolve;
    EXPECT_EQ(world.members(), 99U) << resolve;
    EXPECT_EQ(result.run.figures.to_retry, 1U) << resolve;
  }
}

// ---- Later than a run waits

TEST(DailyLimit, EndsTheRunUntilTheAccountsMidnight) {
  RunWorld world;
  world.hubspot.switches().time_zone = "US/Eastern";
  world.hubspot.switches().utc_offset_ms = -4 * 3'600'000;
  // 2026-11-01 04:00 UTC: the midnight of a day of 25 hours there.
  world.clock.advance(Milliseconds{1'793'491'200'000 + 4 * 3'600'000} -
                      world.clock.now().time_since_epoch());
  world.cohort(contacts(world, 30));
  world.sync();
  auto people = PluginWorld::people(30);
  people.push_back("late@example.com");
  world.cohort(people);
  world.hubspot.faults().add(status("/crm/", 429, -1, "DAILY"));
  const auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
  EXPECT_EQ(result.error->code(), "hubspot.daily_limit");
  EXPECT_EQ(result.run.status, RunStatus::kWaiting);
  EXPECT_NE(result.error->message().find("starts afresh in"), std::string::npos);
  EXPECT_FALSE(result.error->hint().empty());
  ASSERT_TRUE(result.retry_after);
  EXPECT_GT(*result.retry_after, std::chrono::minutes(24 * 60 + 55));
  EXPECT_LE(*result.retry_after, std::chrono::hours(25));
  EXPECT_LE(world.hubspot.log().size(), 3U) << "it does not hammer";
  world.hubspot.faults().clear();
  EXPECT_FALSE(world.sync().error);
  EXPECT_EQ(world.members(), 31U);
}

TEST(DailyLimit, MetByManyRequestsAtOnceStopsTheOthers) {
  PluginWorld world;
  const auto people = PluginWorld::people(10'000);
  world.hubspot.faults().add(status(kRead, 429, -1, "DAILY"));
  const auto result = world.sync(PluginWorld::adds(people));
  ASSERT_TRUE(result.failure);
  EXPECT_LE(world.hubspot.count(kRead), 16U) << "of a hundred";
  EXPECT_EQ(result.outcomes.size(), 10'000U);
}

TEST(Migration, TellsWhenItWillBeOver) {
  for (const std::int64_t seconds : {7'200, -1}) {
    RunWorld world("retry_for: 5s");
    world.cohort(contacts(world, 3));
    world.hubspot.faults().add(status(kRead, 477, -1, "", seconds));
    const auto result = world.sync();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
    EXPECT_EQ(result.error->code(), "hubspot.migrating");
    if (seconds > 0) {
      EXPECT_EQ(result.retry_after, Milliseconds{seconds * 1000});
      EXPECT_NE(std::string(result.error->what()).find("2 h 0 min"), std::string::npos);
    }
    EXPECT_FALSE(result.error->hint().empty());
  }
}

// ---- What support needs

TEST(Messages, CarryTheCorrelationId) {
  PluginWorld world;
  world.hubspot.faults().add(status("/crm/lists/2026-09", 400));
  const auto result = world.sync({PluginWorld::add("ada@example.com")});
  ASSERT_TRUE(result.failure);
  EXPECT_NE(result.failure->message().find("correlation id 00000000-0000-4000"), std::string::npos)
      << result.failure->message();
}

}  // namespace
}  // namespace muster::testing
