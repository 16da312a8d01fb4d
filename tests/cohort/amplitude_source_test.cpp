// Cohorts downloaded from a simulated Amplitude: the suite of every source, and what is its own.
#include "cohort/amplitude_source.hpp"

#include "cohort/amplitude_catalog.hpp"
#include "cohort/amplitude_world.hpp"
#include "cohort/file_kinds.hpp"
#include "plan/cohort_index.hpp"
#include "plan/support.hpp"

namespace muster::testing {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Columns kEmail{"email", {}};

class AmplitudeKind : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    world_.cohort().users.clear();
    world_.amplitude.switches().unknown_property = "absent";
    for (const auto& person : people) world_.add_user(person.user_id, person.email, person.plan);
    // Anonymous members have an Amplitude id alone; the suite wants the user id.
    auto options = world_.options();
    options.id_column = "user_id";
    return std::make_unique<AmplitudeSource>(options, world_.environment(std::move(waiting)));
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    auto source = holding(people, {});
    break_off();
    return source;
  }
  std::unique_ptr<Source> keeping_waiting(Waiting waiting) override {
    world_.amplitude.switches().job = "stuck";
    return world_.source(std::move(waiting));
  }

  bool has_columns() const override { return false; }

 protected:
  virtual void break_off() { world_.amplitude.switches().truncated_gzip = true; }
  AmplitudeWorld world_;
};

class UnpackedAmplitudeKind final : public AmplitudeKind {
 public:
  UnpackedAmplitudeKind() { world_.amplitude.switches().gzip = "none"; }
  void break_off() override {
    simulator::Fault fault;
    fault.path = "/files/";
    fault.kind = "truncated";
    fault.count = -1;
    world_.amplitude.faults().add(fault);
  }
};

class SilentlyPackedAmplitudeKind final : public AmplitudeKind {
 public:
  SilentlyPackedAmplitudeKind() { world_.amplitude.switches().gzip = "silent"; }
};

INSTANTIATE_TEST_SUITE_P(Amplitude, EverySource,
                         ::testing::Values(kind<AmplitudeKind>("Packed"),
                                           kind<UnpackedAmplitudeKind>("NotPacked"),
                                           kind<SilentlyPackedAmplitudeKind>("SilentlyPacked")),
                         name_of_kind);

std::vector<std::string> identifiers(Source& source, const Columns& columns = kEmail) {
  source.open(columns);
  std::vector<std::string> seen;
  while (const auto member = source.next()) seen.emplace_back(member->identifier);
  return seen;
}

Error error_of(Source& source) {
  try {
    identifiers(source);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused";
  return {ErrorKind::kFailed, "", ""};
}

TEST(AmplitudeSource, AsksForTheColumnsThatTheSyncUses) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com", "pro");
  EXPECT_THAT(identifiers(*world.source(), {"email", {"plan"}}), ElementsAre("a@b.com"));
  EXPECT_EQ(world.amplitude.count("?props=1&propKeys=email&propKeys=plan"), 1U);
  EXPECT_THAT(identifiers(*world.source(), {"user_id", {}}), ElementsAre("u1"));
  EXPECT_EQ(world.amplitude.count("?props=0"), 1U);
}

TEST(AmplitudeSource, TakesPropertyColumnsWithAPrefix) {
  AmplitudeWorld world;
  world.amplitude.switches().property_prefix = "gp:";
  world.add_user("u1", "a@b.com");
  EXPECT_THAT(identifiers(*world.source()), ElementsAre("a@b.com"));
}

TEST(AmplitudeSource, APropertyThatNobodyHasLeavesEveryoneWithoutIdentifier) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  EXPECT_THAT(identifiers(*world.source(), {"mail", {}}), ElementsAre(""));
}

TEST(AmplitudeSource, CountsAnonymousMembersAsWithoutIdentifier) {
  AmplitudeWorld world;
  world.add_user("u1", "");
  world.add_user("", "");
  const auto source = world.source();
  Spill spill(world.dir.path());
  const Cancellation cancellation;
  const LowerCaseMapping destination;
  const CohortIndex cohort(*source, destination, {{"user_id", {}}, "user_id"},
                           MemberHasher(MemberHasher::Secret{}), spill, cancellation, {});
  EXPECT_EQ(cohort.rows(), 2U);
  EXPECT_EQ(cohort.rejected().at("no_identifier"), 1U);
}

TEST(AmplitudeSource, FollowsToTheOtherOriginWithoutTheKey) {
  AmplitudeWorld world;
  world.amplitude.switches().inline_limit = 0;
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  bool met = false;
  for (const auto& entry : world.amplitude.log()) {
    const bool second = entry.target.starts_with("/files/");
    EXPECT_EQ(entry.authorized, !second) << entry.target;
    met |= second;
  }
  EXPECT_TRUE(met);
}

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

TEST(AmplitudeSource, RefusesALinkThatWouldSendTheFileInClear) {
  AmplitudeWorld world;
  world.amplitude.switches().inline_limit = 0;
  world.amplitude.set_file_base("http://files.example.com");
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.bad_link");
}

TEST(AmplitudeSource, TakesEitherStatusForABegunJob) {
  for (const int status : {200, 202}) {
    AmplitudeWorld world;
    world.amplitude.switches().request_status = status;
    world.add_user("u1", "a@b.com");
    EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  }
}

TEST(AmplitudeSource, PollsWithGrowingPauses) {
  AmplitudeWorld world;
  world.amplitude.switches().polls_until_done = 40;
  world.add_user("u1", "a@b.com");
  const auto began = world.clock.elapsed();
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_GT(world.clock.elapsed() - began, minutes(6));
  EXPECT_LT(world.clock.elapsed() - began, minutes(12));
}

struct Refusal {
  const char* name;
  std::function<void(AmplitudeWorld&)> given;
  const char* code;
  const char* where;
};

class AmplitudeRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(AmplitudeRefusal, HasItsOwnMessage) {
  AmplitudeWorld world;
  world.add_user("u1", "ada@example.com");
  GetParam().given(world);
  const auto error = error_of(*world.source());
  EXPECT_EQ(error.code(), GetParam().code) << error.what();
  EXPECT_THAT(error.where(), HasSubstr(GetParam().where));
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(std::string(error.what()).find(world.amplitude.project().secret_key),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Causes, AmplitudeRefusal,
    ::testing::Values(
        Refusal{"WrongRegion", [](auto& w) { w.amplitude.project().api_key = "other"; },
                "amplitude.unknown_key", "api_key"},
        Refusal{"WrongSecret", [](auto& w) { w.amplitude.project().secret_key = "other-secret"; },
                "amplitude.wrong_secret", "secret_key"},
        Refusal{"ArchivedAs404", [](auto& w) { w.cohort().archived = true; },
                "amplitude.archived_cohort", "muster.yaml:4:13"},
        Refusal{"ArchivedAs400",
                [](auto& w) {
                  w.cohort().archived = true;
                  w.amplitude.switches().unknown_cohort = 400;
                },
                "amplitude.archived_cohort", "muster.yaml:4:13"},
        Refusal{"UnknownAs404", [](auto& w) { w.amplitude.project().cohorts.clear(); },
                "amplitude.unknown_cohort", "muster.yaml:4:13"},
        Refusal{"UnknownAs403",
                [](auto& w) {
                  w.amplitude.project().cohorts.clear();
                  w.amplitude.switches().unknown_cohort = 403;
                },
                "amplitude.unknown_cohort", "muster.yaml:4:13"},
        Refusal{"Unpublished",
                [](auto& w) {
                  w.cohort().published = false;
                  w.cohort().archived = true;
                },
                "amplitude.unknown_cohort", "muster.yaml:4:13"},
        Refusal{"TooLargeAs413", [](auto& w) { w.amplitude.switches().largest_cohort = 0; },
                "amplitude.too_large", "muster.yaml:4:13"},
        Refusal{"TooLargeAs400",
                [](auto& w) {
                  w.amplitude.switches().largest_cohort = 0;
                  w.amplitude.switches().too_large = 400;
                },
                "amplitude.too_large", "muster.yaml:4:13"},
        Refusal{"JobFailed", [](auto& w) { w.amplitude.switches().job = "failed"; },
                "amplitude.job_failed", "muster.yaml:4:13"},
        Refusal{"StatusFails", [](auto& w) { w.amplitude.switches().job = "error"; },
                "amplitude.unreachable", "Amplitude (us)"},
        Refusal{"Stuck", [](auto& w) { w.amplitude.switches().job = "stuck"; },
                "amplitude.still_computing", "muster.yaml:4:13"}),
    [](const auto& tested) { return tested.param.name; });

TEST(AmplitudeSource, AnArchivedCohortThatIsServedIsRead) {
  AmplitudeWorld world;
  world.amplitude.switches().archived_download = true;
  world.cohort().archived = true;
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
}

TEST(AmplitudeSource, PassingFailuresAreTriedAgain) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  for (const auto* kind : {"status", "reset"}) {
    simulator::Fault fault;
    fault.path = "/request-status/";
    fault.kind = kind;
    world.amplitude.faults().add(fault);
  }
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 1U);
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

TEST(AmplitudeSource, IsAsOldAsItsRequestAndALittleMore) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  interrupt_while_polling(world);
  const auto asked = world.clock.now();
  world.clock.advance(std::chrono::hours(5));
  const auto source = world.source();
  identifiers(*source);
  ASSERT_TRUE(source->as_of());
  EXPECT_LE(*source->as_of(), asked - minutes(9));
  EXPECT_GE(*source->as_of(), asked - minutes(70)) << "not when it was read";
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
  stalled.kind = "delay";
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

TEST(AmplitudeCatalog, ListsCohortsByNameArchivedOnesMarked) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.cohort().last_computed = 1'679'440'233;
  world.amplitude.project().add("abc", "Churned").archived = true;
  world.amplitude.project().add("hidden", "Hidden").published = false;
  const auto environment = world.environment();
  AmplitudeApi api(world.options().project, environment);
  const auto cohorts = list_cohorts(api);
  ASSERT_EQ(cohorts.size(), 2U);
  EXPECT_EQ(cohorts[0].id, "abc");
  EXPECT_TRUE(cohorts[0].archived);
  EXPECT_FALSE(cohorts[0].last_computed);
  EXPECT_EQ(cohorts[1].name, "Power Users");
  EXPECT_EQ(cohorts[1].size, 1U);
  EXPECT_EQ(cohorts[1].last_computed->time_since_epoch(), std::chrono::seconds(1'679'440'233));
}

}  // namespace
}  // namespace muster::testing
