// Amplitude's limits: counted, waited for, shown.
#include <algorithm>
#include <map>

#include "cohort/amplitude_budget.hpp"
#include "cohort/amplitude_source.hpp"
#include "cohort/amplitude_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::days;
using std::chrono::minutes;

TEST(AmplitudeBudget, IsAmplitudesCountWhereItIsTold) {
  for (const auto* shape : {"nested", "flat"}) {
    AmplitudeWorld world;
    world.amplitude.switches().usage = shape;
    world.add_user("u1", "a@b.com");
    world.amplitude.use_by_others(41);
    const auto source = world.source();
    identifiers(*source);
    ASSERT_TRUE(source->budget());
    EXPECT_EQ(source->budget()->used, 42U);
    EXPECT_EQ(source->budget()->limit, 500U);
    EXPECT_TRUE(source->budget()->told);
  }
}

TEST(AmplitudeBudget, IsOurOwnCountOtherwiseAndOutlivesARun) {
  AmplitudeWorld world;
  world.amplitude.switches().usage = "none";
  world.add_user("u1", "a@b.com");
  for (int i = 0; i < 3; ++i) identifiers(*world.source());
  const auto known = known_budget(world.options(), world.environment());
  EXPECT_EQ(known.used, 3U);
  EXPECT_FALSE(known.told);
  world.clock.advance(days(31));
  EXPECT_EQ(known_budget(world.options(), world.environment()).used, 0U);
}

TEST(AmplitudeBudget, IsOurOwnCountWhateverAmplitudeSaysOfTheUsage) {
  for (const int status : {401, 403, 404, 400}) {
    SCOPED_TRACE(status);
    AmplitudeWorld world;
    world.add_user("u1", "a@b.com");
    world.refuse("/cohorts/usage", status);
    const auto source = world.source();
    EXPECT_EQ(identifiers(*source).size(), 1U);
    EXPECT_FALSE(source->budget()->told);
  }
}

TEST(AmplitudeBudget, KeepsNeitherKeyNorSecretInTheMemory) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  identifiers(*world.source());
  ASSERT_FALSE(world.memory.values.empty());
  for (const auto& [key, value] : world.memory.values) {
    for (const auto& secret :
         {world.amplitude.project().api_key, world.amplitude.project().secret_key}) {
      EXPECT_EQ((key + value).find(secret), std::string::npos);
    }
  }
}

TEST(AmplitudeBudget, SpentItWaitsForTheNextMonthRatherThanFails) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.amplitude.use_by_others(500);
  const auto source = world.source();
  try {
    identifiers(*source);
    ADD_FAILURE() << "went on";
  } catch (const SourceWaits& waits) {
    EXPECT_EQ(waits.code(), "amplitude.budget_spent");
    EXPECT_EQ(waits.kind(), ErrorKind::kLater);
    ASSERT_TRUE(waits.retry_after());
    world.clock.advance(*waits.retry_after());
  }
  EXPECT_EQ(world.downloads(), 0U);
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
}

TEST(AmplitudeBudget, NeverMeetsTheLimitsOfTheMinuteAndTheTenMinutes) {
  AmplitudeWorld world;
  world.amplitude.switches().minute_limit = 4;
  world.amplitude.switches().usage = "none";
  world.amplitude.switches().polls_until_done = 0;
  world.add_user("u1", "a@b.com");
  for (int i = 0; i < 130; ++i) EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  for (const auto& entry : world.amplitude.log()) EXPECT_NE(entry.status, 429);
  EXPECT_EQ(world.downloads(), 130U);
}

TEST(AmplitudeBudget, BacksOffWhenOthersUseTheLimit) {
  for (const bool named : {false, true}) {
    AmplitudeWorld world;
    world.add_user("u1", "a@b.com");
    simulator::Fault limited;
    limited.path = std::string("/request/") + kCohort;
    limited.status = 429;
    limited.count = 2;
    if (named) limited.retry_after_s = 45;
    world.amplitude.faults().add(limited);
    const auto began = world.clock.elapsed();
    EXPECT_EQ(identifiers(*world.source()).size(), 1U);
    EXPECT_GE(world.clock.elapsed() - began, std::chrono::seconds(named ? 90 : 60));
  }
}

//! What the source waits with when it gives up for now.
std::string wait_of(AmplitudeWorld& world) {
  try {
    identifiers(*world.source());
  } catch (const SourceWaits& waits) {
    return waits.code();
  }
  return "";
}

TEST(AmplitudeBudget, OfAnotherSizeIsAmplitudesWhereItIsTold) {
  AmplitudeWorld world;
  world.amplitude.switches().monthly_limit = 3;
  world.add_user("u1", "a@b.com");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(wait_of(world), "amplitude.budget_spent");
  EXPECT_EQ(world.downloads(), 3U) << "no request for what can't be had";
}

TEST(AmplitudeBudget, OfAnotherSizeThatNobodyTellsIsMetAsALimit) {
  AmplitudeWorld world;
  world.amplitude.switches().monthly_limit = 3;
  world.amplitude.switches().usage = "none";
  world.add_user("u1", "a@b.com");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(wait_of(world), "amplitude.limited");
}

TEST(AmplitudeBudget, CountsNoRequestThatWasNeverSentOrRefusedForALimit) {
  for (const auto* kind : {"refused", "status"}) {
    AmplitudeWorld world;
    world.amplitude.switches().usage = "none";
    world.add_user("u1", "a@b.com");
    simulator::Fault fault;
    fault.path = "/request/" + std::string(kCohort);
    fault.kind = kind;
    fault.status = 429;
    fault.count = -1;
    world.amplitude.faults().add(fault);
    EXPECT_FALSE(wait_of(world).empty());
    EXPECT_EQ(known_budget(world.options(), world.environment()).used, 0U) << kind;
    world.amplitude.faults().clear();
    world.clock.advance(minutes(15));
    EXPECT_EQ(identifiers(*world.source()).size(), 1U);
    EXPECT_EQ(known_budget(world.options(), world.environment()).used, 1U) << kind;
  }
}

TEST(AmplitudeBudget, CountsARequestWhoseAnswerGotLost) {
  AmplitudeWorld world;
  world.amplitude.switches().usage = "none";
  world.add_user("u1", "a@b.com");
  simulator::Fault lost;
  lost.path = "/request/" + std::string(kCohort);
  lost.kind = "reset";
  lost.applied = true;
  world.amplitude.faults().add(lost);
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(known_budget(world.options(), world.environment()).used, 2U);
}

TEST(AmplitudeBudget, OutlastsALimitOfTenMinutesThatIsLowerThanKnown) {
  AmplitudeWorld world;
  world.amplitude.switches().ten_minute_limit = 5;
  world.add_user("u1", "a@b.com");
  std::size_t read = 0;
  for (int runs = 0; runs < 40 && read < 12; ++runs) {
    if (wait_of(world).empty()) {
      ++read;
    } else {
      world.clock.advance(minutes(5));  // as the next run of the sync
    }
  }
  EXPECT_EQ(read, 12U);
}

TEST(AmplitudeBudget, OutlastsJobsOfOthersThatRunAtATime) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.amplitude.switches().concurrent_limit = 0;
  EXPECT_EQ(wait_of(world), "amplitude.limited");
  world.amplitude.switches().concurrent_limit = 1;
  EXPECT_EQ(identifiers(*world.source()).size(), 1U) << "nothing of ours runs on";
}

//! What runs at a time is ours: a sixth request would be refused, and use the others' turn up.
TEST(AmplitudeBudget, AsksForNoMoreAtATimeThanAmplitudeComputes) {
  AmplitudeWorld world;
  world.amplitude.switches().polls_until_done = 1'000'000;
  std::map<std::string, Attempts> attempts;
  const auto wait_of_cohort = [&](const std::string& cohort) -> std::string {
    if (world.amplitude.project().cohorts.count(cohort) == 0) {
      world.amplitude.project().add(cohort, cohort);
    }
    auto options = world.options();
    options.cohort = cohort;
    Waiting waiting;
    waiting.attempts = &attempts[cohort];
    AmplitudeSource source(options, world.environment(waiting));
    try {
      identifiers(source);
    } catch (const SourceNotReady& waits) {
      return waits.code();
    } catch (const Error& error) {
      return error.code();
    }
    return {};
  };
  for (const auto* cohort : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(wait_of_cohort(cohort), "amplitude.still_computing");
    world.clock.advance(minutes(1));
  }
  EXPECT_EQ(wait_of_cohort("f"), "amplitude.jobs_running");
  EXPECT_EQ(world.amplitude.count("/request/f?"), 0U);
  world.amplitude.switches().polls_until_done = 0;
  EXPECT_NE(wait_of_cohort("a"), "amplitude.still_computing");  // it has ended, with nobody in it
  EXPECT_NE(wait_of_cohort("f"), "amplitude.jobs_running");
  EXPECT_EQ(world.amplitude.count("/request/f?"), 1U);
}

TEST(AmplitudeBudget, ADownloadWhoseEndNobodySawCountsForAWhile) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  identifiers(*world.source());  // the budget is there
  auto& stored = world.memory.values;
  const auto budget = std::find_if(stored.begin(), stored.end(), [](const auto& value) {
    return value.first.starts_with("amplitude/budget/");
  });
  ASSERT_NE(budget, stored.end());
  const auto environment = world.environment();
  AmplitudeBudget others(environment, budget->first.substr(17));
  for (int i = 0; i < 5; ++i) others.begin_job("of-a-run-that-died-" + std::to_string(i));
  const auto before = world.clock.elapsed();
  identifiers(*world.source());
  EXPECT_GE(world.clock.elapsed() - before, minutes(29));
}

TEST(AmplitudeBudget, WhoeverWaitsInPlaceIsToldForWhatAndHowLongAtMost) {
  AmplitudeWorld world;
  world.amplitude.switches().minute_limit = 4;
  world.amplitude.switches().polls_until_done = 0;
  world.add_user("u1", "a@b.com");
  std::vector<std::string> told;
  Waiting waiting;
  waiting.tell = [&](const std::string& text) { told.push_back(text); };
  for (int i = 0; i < 4; ++i) identifiers(*world.source(waiting));
  EXPECT_TRUE(told.empty());
  identifiers(*world.source(waiting));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("limits of 4 downloads in a minute"), std::string::npos);
  EXPECT_NE(told[0].find("waiting, 60 s at most"), std::string::npos);
}

TEST(AmplitudeBudget, WhoeverHasOtherWorkIsNotKeptWaitingForAWindow) {
  AmplitudeWorld world;
  world.amplitude.switches().minute_limit = 4;
  world.amplitude.switches().polls_until_done = 0;
  world.add_user("u1", "a@b.com");
  for (int i = 0; i < 4; ++i) identifiers(*world.source());
  Attempts attempts;
  Waiting waiting;
  waiting.attempts = &attempts;
  try {
    identifiers(*world.source(waiting));
    ADD_FAILURE() << "waited in place";
  } catch (const SourceNotReady& waits) {
    EXPECT_EQ(waits.code(), "amplitude.window_full");
    ASSERT_TRUE(waits.retry_after());
    world.clock.advance(*waits.retry_after());
  }
  EXPECT_EQ(identifiers(*world.source(waiting)).size(), 1U);
}

TEST(AmplitudeBudget, KeepsTheLimitThatWasToldLastOverTheMonths) {
  AmplitudeWorld world;
  world.amplitude.switches().monthly_limit = 2'000;
  world.add_user("u1", "a@b.com");
  const auto known = [&] { return known_budget(world.options(), world.environment()).told_limit; };
  EXPECT_FALSE(known());
  identifiers(*world.source());
  EXPECT_EQ(known(), 2'000U);
  world.clock.advance(days(31));
  EXPECT_EQ(known(), 2'000U);
  world.amplitude.switches().usage = "none";
  identifiers(*world.source());
  EXPECT_EQ(known(), 2'000U);
}

}  // namespace
}  // namespace muster::testing
