// A job at Amplitude that never ends: given up after some hours, asked for anew once, and told.
#include "cohort/amplitude_source.hpp"
#include "cohort/amplitude_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

//! Runs that each find the cohort still being computed, until one asks anew or fails otherwise.
std::string runs_until_told(AmplitudeWorld& world) {
  const auto before = world.downloads();
  for (int runs = 0; runs < 50; ++runs) {
    const auto code = error_of(*world.source()).code();
    if (code != "amplitude.still_computing" || world.downloads() > before + 1) return code;
    world.clock.advance(minutes(5));
  }
  return "never";
}

TEST(AmplitudeSource, AJobThatNeverEndsIsGivenUpAndAskedForAnewOnce) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.amplitude.switches().job = "stuck";
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.still_computing");
  world.clock.advance(hours(3));
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.still_computing");
  EXPECT_EQ(world.downloads(), 1U) << "for some hours, the same is picked up";
  world.clock.advance(hours(1));
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.still_computing");
  EXPECT_EQ(world.downloads(), 2U);
  EXPECT_EQ(runs_until_told(world), "amplitude.never_computed");
  EXPECT_EQ(world.downloads(), 2U);
  // Nobody knows whether it is the cohort: each further try costs one, not two.
  EXPECT_EQ(runs_until_told(world), "amplitude.never_computed");
  EXPECT_EQ(world.downloads(), 3U);
}

TEST(AmplitudeSource, WhatWasGivenUpIsToldAndForgottenOnceTheCohortIsComputed) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  simulator::Fault runs_on;
  runs_on.path = "/request-status/stuck";
  runs_on.status = 202;
  runs_on.count = -1;
  world.amplitude.faults().add(runs_on);
  for (int i = 0; i < 2; ++i) {
    world.amplitude.switches().request_ids = "stuck";
    EXPECT_EQ(error_of(*world.source()).code(), "amplitude.still_computing");
    world.amplitude.switches().request_ids = "req";
    world.clock.advance(hours(6));
    const auto source = world.source();
    EXPECT_EQ(identifiers(*source).size(), 1U);
    ASSERT_EQ(source->notices().size(), 1U);
    EXPECT_EQ(source->notices()[0].code, "given_up_download");
    EXPECT_NE(source->notices()[0].text.find("asked for anew"), std::string::npos);
  }
  EXPECT_EQ(world.downloads(), 4U);
}

TEST(AmplitudeSource, WhereTheBudgetIsSpentAJobThatNeverEndsIsNotAskedForAnew) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.amplitude.switches().job = "stuck";
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.still_computing");
  world.amplitude.switches().monthly_limit = 1;
  world.clock.advance(hours(6));
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.budget_spent");
  EXPECT_EQ(world.downloads(), 1U);
}

//! Amplitude gives an empty column for a property that nobody has, such as one in other case.
TEST(AmplitudeSource, APropertyThatNobodyHasIsToldByItsName) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  for (const auto& [column, told] : {std::pair("Email", true), {"email", false}}) {
    const auto source = world.source();
    source->open({column, {}});
    while (source->next()) {
    }
    const auto notices = source->notices();
    ASSERT_EQ(notices.size(), told ? 1U : 0U) << column;
    if (!told) continue;
    EXPECT_EQ(notices[0].code, "empty_property");
    EXPECT_NE(notices[0].text.find("'Email'"), std::string::npos);
    EXPECT_NE(notices[0].text.find("case"), std::string::npos);
    source->settle();
  }
}

TEST(AmplitudeSource, WhoeverWaitsInPlaceIsToldThatTheCohortIsBeingComputed) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.amplitude.switches().polls_until_done = 6;
  std::vector<std::string> told;
  Waiting waiting;
  waiting.tell = [&](const std::string& text) { told.push_back(text); };
  identifiers(*world.source(waiting));
  ASSERT_FALSE(told.empty());
  EXPECT_NE(told[0].find("still computing the cohort"), std::string::npos);
  EXPECT_NE(told[0].find("waiting, 60 min at most"), std::string::npos);
}

}  // namespace
}  // namespace muster::testing
