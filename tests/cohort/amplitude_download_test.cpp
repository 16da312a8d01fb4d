// A download from Amplitude: its link, what is picked up of it, what another try costs, its age.
#include <gmock/gmock.h>

#include "cohort/amplitude_source.hpp"
#include "cohort/amplitude_world.hpp"
#include "cohort/pushed_source.hpp"
#include "plan/cohort_index.hpp"
#include "plan/support.hpp"

namespace muster::testing {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using ::testing::ElementsAre;

TEST(AmplitudeSource, AnExpiredLinkIsFetchedAgainNotAskedForAgain) {
  AmplitudeWorld world;
  world.amplitude.switches().inline_limit = 0;
  world.add_user("u1", "a@b.com");
  simulator::Fault late;
  late.path = "/files/";
  late.status = 403;
  late.count = 2;
  world.amplitude.faults().add(late);
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 1U);
  EXPECT_EQ(world.amplitude.count("/file"), 3U + 3U);  // three links, three fetches
}

TEST(AmplitudeSource, LinksThatNeverLastLongEnoughCostOneRequest) {
  AmplitudeWorld world;
  world.amplitude.switches().inline_limit = 0;
  world.amplitude.switches().link_seconds = 0;
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.no_file");
  EXPECT_EQ(world.downloads(), 1U);
  world.amplitude.switches().link_seconds = 60;
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 1U) << "the same download is picked up";
}

TEST(AmplitudeSource, LinksThatTwoRunsWereRefusedAreAskedForAnew) {
  AmplitudeWorld world;
  world.amplitude.switches().inline_limit = 0;
  world.add_user("u1", "a@b.com");
  world.refuse("/files/", 403);
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.no_file");
  const auto second = error_of(*world.source());
  EXPECT_EQ(second.code(), "amplitude.no_file");
  EXPECT_NE(second.hint().find("asked for anew"), std::string::npos);
  EXPECT_EQ(world.downloads(), 1U);
  world.amplitude.faults().clear();
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, ARequestIdIsAPartOfAPathWhateverItIs) {
  AmplitudeWorld world;
  world.amplitude.switches().request_ids = "a/b c?d%";
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
}

TEST(AmplitudeSource, RefusesALinkThatWouldSendTheFileInClear) {
  AmplitudeWorld world;
  world.amplitude.switches().inline_limit = 0;
  world.amplitude.set_file_base("http://files.example.com");
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.bad_link");
}

//! A run that ends while Amplitude still computes.
void interrupt_while_polling(AmplitudeWorld& world) {
  const int polls = static_cast<int>(world.amplitude.switches().polls_until_done);
  world.amplitude.switches().job = "stuck";
  Cancellation cancellation;
  Waiting waiting;
  waiting.cancellation = &cancellation;
  int beats = 0;
  waiting.heartbeat = [&] {
    if (++beats > 20) cancellation.request();
  };
  EXPECT_EQ(error_of(*world.source(waiting)).kind(), ErrorKind::kInterrupted);
  world.amplitude.switches().job = "ok";
  world.amplitude.switches().polls_until_done = polls;
}

TEST(AmplitudeSource, AnInterruptedRunPicksUpTheSameRequestWithinSevenDays) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  interrupt_while_polling(world);
  world.clock.advance(days(6));
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 1U);
  // Once read, it is not read again.
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, ARequestOfSevenDaysAgoIsMadeAnew) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  interrupt_while_polling(world);
  world.clock.advance(days(7));
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, IsAsOldAsItsRequest) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  interrupt_while_polling(world);
  const auto asked = world.clock.now();
  world.clock.advance(std::chrono::hours(5));
  const auto source = world.source();
  identifiers(*source);
  ASSERT_TRUE(source->as_of());
  EXPECT_LE(*source->as_of(), asked);
  EXPECT_GE(*source->as_of(), asked - minutes(60)) << "not when it was read";
}

TEST(AmplitudeSource, ARequestThatAmplitudeForgotIsMadeAnew) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  interrupt_while_polling(world);
  simulator::Fault forgotten;
  forgotten.path = "/request-status/";
  forgotten.status = 404;
  world.amplitude.faults().add(forgotten);
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, ADownloadThatBrokeOffCostsNoSecondRequest) {
  AmplitudeWorld world;
  world.amplitude.switches().gzip = "none";
  for (int i = 0; i < 1'000; ++i) world.add_user("u", "p" + std::to_string(i) + "@example.com");
  simulator::Fault fault;
  fault.path = "/files/";
  fault.kind = "truncated";
  world.amplitude.faults().add(fault);
  const auto source = world.source();
  Spill spill(world.dir.path());
  const Cancellation cancellation;
  const LowerCaseMapping destination;
  const CohortIndex cohort(*source, destination, {kEmail, "email"},
                           MemberHasher(MemberHasher::Secret{}), spill, cancellation, {});
  EXPECT_EQ(cohort.rows(), 1'000U);
  EXPECT_EQ(world.downloads(), 1U);
}

TEST(AmplitudeSource, ADownloadThatStallsIsGivenUpAndFetchedAgain) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  simulator::Fault stalled;
  stalled.path = "/file";
  stalled.kind = "slow";
  stalled.applied = true;
  stalled.delay_ms = 600'000;
  world.amplitude.faults().add(stalled);
  const auto source = world.source();
  Spill spill(world.dir.path());
  const Cancellation cancellation;
  const LowerCaseMapping destination;
  const CohortIndex cohort(*source, destination, {kEmail, "email"},
                           MemberHasher(MemberHasher::Secret{}), spill, cancellation, {});
  EXPECT_EQ(cohort.rows(), 1U);
  EXPECT_EQ(world.downloads(), 1U);
}

TEST(AmplitudeSource, SaysWhetherAnotherTryWouldCostAgain) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  const auto began = world.clock.now();
  const auto costs = [&](Instant since) {
    auto environment = world.environment();
    environment.again_since = since;
    return costs_again(world.options(), kEmail, environment, since);
  };
  EXPECT_FALSE(costs(began)) << "nothing was spent";
  identifiers(*world.source());
  EXPECT_FALSE(costs(began)) << "what was read can be read again";
  world.clock.advance(minutes(1));
  world.amplitude.switches().truncated_gzip = true;
  error_of(*world.source());
  EXPECT_TRUE(costs(began));
  EXPECT_FALSE(costs(world.clock.now() + minutes(1))) << "by then one is due";
  simulator::Fault limited;
  limited.path = std::string("/request/") + kCohort;
  limited.status = 429;
  limited.count = -1;
  world.amplitude.faults().add(limited);
  const auto later = world.clock.now() + minutes(1);
  world.clock.advance(minutes(2));
  error_of(*world.source());
  EXPECT_FALSE(costs(later)) << "what is refused for a limit is not spent";
}

//! Another try, which may read again what was asked for since an hour ago.
std::unique_ptr<AmplitudeSource> another_try(AmplitudeWorld& world) {
  auto environment = world.environment();
  environment.again_since = world.clock.now() - std::chrono::hours(1);
  return std::make_unique<AmplitudeSource>(world.options(), environment);
}

std::uint64_t spent(AmplitudeWorld& world) {
  return known_budget(world.options(), world.environment()).used;
}

TEST(AmplitudeSource, AnotherTryReadsTheSameDownloadUntilARunHasSettledIt) {
  AmplitudeWorld world;
  world.amplitude.switches().usage = "none";
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(identifiers(*another_try(world)).size(), 1U);
  world.add_user("u2", "c@d.com");
  for (int tries = 0; tries < 3; ++tries) {
    const auto source = another_try(world);
    EXPECT_EQ(identifiers(*source).size(), 1U) << "as it was";
    ASSERT_EQ(source->notices().size(), 1U);
    EXPECT_EQ(source->notices()[0].code, "earlier_download");
    EXPECT_EQ(source->notices()[0].text.find("a@b.com"), std::string::npos);
    EXPECT_EQ(spent(world), 1U);
    if (tries == 2) source->settle();
  }
  const auto fresh = another_try(world);
  EXPECT_EQ(identifiers(*fresh).size(), 2U) << "minutes after a success";
  EXPECT_TRUE(fresh->notices().empty());
  EXPECT_EQ(spent(world), 2U);
}

TEST(AmplitudeSource, WhatWasReadIsAskedForAnewWhenItIsTooOld) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  identifiers(*another_try(world));
  world.clock.advance(minutes(59));
  identifiers(*another_try(world));
  EXPECT_EQ(world.downloads(), 1U);
  world.clock.advance(minutes(2));
  identifiers(*another_try(world));
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, ALookAsksAnewAndTheNextTryReadsWhatItGot) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  identifiers(*world.source());
  world.add_user("u2", "c@d.com");
  EXPECT_EQ(identifiers(*world.source()).size(), 2U) << "who mends a cohort wants to see it";
  EXPECT_EQ(world.downloads(), 2U);
  EXPECT_EQ(identifiers(*another_try(world)).size(), 2U);
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, WhatIsGoneByTheNextTryIsAskedForAnew) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  identifiers(*another_try(world));
  simulator::Fault forgotten;
  forgotten.path = "/request-status/";
  forgotten.status = 404;
  world.amplitude.faults().add(forgotten);
  const auto source = another_try(world);
  EXPECT_EQ(identifiers(*source).size(), 1U);
  EXPECT_TRUE(source->notices().empty());
  EXPECT_EQ(world.downloads(), 2U);
}

TEST(AmplitudeSource, SettledItForgetsNoDownloadThatWasAskedForSince) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  const auto first = world.source();
  identifiers(*first);
  identifiers(*world.source());
  first->settle();
  identifiers(*another_try(world));
  EXPECT_EQ(world.downloads(), 2U);
}

class FileAsOf : public ::testing::TestWithParam<const char*> {
 protected:
  FileAsOf() {
    world.amplitude.switches().file_as_of = GetParam();
    world.add_user("u1", "a@b.com");
    world.add_user("u2", "c@d.com");
    compute();
  }
  void compute() { world.cohort().compute(pushed_time(world.clock.now())); }
  //! A whole run, over which `changes` are laid.
  std::vector<std::string> whole() {
    auto options = world.options();
    options.is_dated = true;
    OverlaidSource source(std::make_unique<AmplitudeSource>(options, world.environment()),
                          world.clock, [this] { return changes; });
    return identifiers(source);
  }
  void push_out(const std::string& user_id) {
    PushedMessage leaves;
    leaves.enters = false;
    leaves.computed = pushed_time(world.clock.now());
    leaves.users = {{user_id, {}}};
    changes.add(leaves, false);
  }
  AmplitudeWorld world;
  PushedChanges changes;
};

TEST_P(FileAsOf, WhoWasPushedOutSinceTheFileWasComputedStaysOut) {
  world.clock.advance(std::chrono::hours(1));
  world.cohort().users.pop_back();
  push_out("u2");
  world.clock.advance(std::chrono::hours(1));
  EXPECT_THAT(whole(), ElementsAre("a@b.com"));
}

TEST_P(FileAsOf, WhatNoMessageToldIsSetRight) {
  push_out("u2");
  world.clock.advance(std::chrono::hours(1));
  compute();  // u2 is in it again, and the message got lost
  world.clock.advance(std::chrono::hours(1));
  EXPECT_THAT(whole(), ElementsAre("a@b.com", "c@d.com"));
}

TEST_P(FileAsOf, WhoWasPushedOutStaysOutWhereTheListOfCohortsIsRefused) {
  world.refuse("/api/3/cohorts", 403);
  world.clock.advance(std::chrono::hours(1));
  world.cohort().users.pop_back();
  push_out("u2");
  world.clock.advance(std::chrono::hours(1));
  EXPECT_THAT(whole(), ElementsAre("a@b.com"));
}

INSTANTIATE_TEST_SUITE_P(Sides, FileAsOf, ::testing::Values("request", "computed"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace muster::testing
