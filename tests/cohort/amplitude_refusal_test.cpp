// Each way in which Amplitude refuses a cohort has words of its own; and the list of its cohorts.
#include <gmock/gmock.h>

#include "cohort/amplitude_catalog.hpp"
#include "cohort/amplitude_source.hpp"
#include "cohort/amplitude_world.hpp"

namespace muster::testing {
namespace {

using ::testing::HasSubstr;

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

//! For no reason that is known.
void refuse_the_download(AmplitudeWorld& world, int status) {
  world.refuse("/request/" + std::string(kCohort), status);
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
        Refusal{"KnownAs403", [](auto& w) { refuse_the_download(w, 403); }, "amplitude.failed",
                "Amplitude (us)"},
        Refusal{"KnownAs400", [](auto& w) { refuse_the_download(w, 400); }, "amplitude.failed",
                "Amplitude (us)"},
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

//! What the world was asked for after `given`, by as many runs, all of them refused.
std::size_t downloads_of(const std::function<void(AmplitudeWorld&)>& given, int runs = 3) {
  AmplitudeWorld world;
  world.add_user("u1", "ada@example.com");
  given(world);
  for (int i = 0; i < runs; ++i) {
    error_of(*world.source());
    world.clock.advance(std::chrono::days(1));
  }
  return world.downloads();
}

TEST(AmplitudeRefusals, OfTheKeysCostNoDownload) {
  EXPECT_EQ(downloads_of([](auto& w) { w.amplitude.project().secret_key = "other"; }), 0U);
  EXPECT_EQ(downloads_of([](auto& w) { w.amplitude.project().api_key = "other"; }), 0U);
}

TEST(AmplitudeRefusals, OfTheKeysCostNoDownloadWhereTheListAloneTellsThem) {
  const auto without_usage = [](AmplitudeWorld& world) {
    simulator::Fault none;
    none.path = "/cohorts/usage";
    none.status = 404;
    none.count = -1;
    world.amplitude.faults().add(none);
  };
  for (const auto* wrong : {"api", "secret"}) {
    EXPECT_EQ(downloads_of([&](auto& w) {
                without_usage(w);
                auto& project = w.amplitude.project();
                (wrong == std::string("api") ? project.api_key : project.secret_key) = "other";
              }),
              0U)
        << wrong;
  }
}

TEST(AmplitudeRefusals, OfTheListAloneSayNothingOfKeysThatTheUsageTook) {
  AmplitudeWorld world;
  world.add_user("u1", "ada@example.com");
  world.amplitude.faults().set_source([](const simulator::SimRequest& request) {
    simulator::Fault refused;
    refused.status = 401;
    return request.target == "/api/3/cohorts" ? std::optional(refused) : std::nullopt;
  });
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
}

TEST(AmplitudeRefusals, OfAnArchivedCohortCostOneDownloadUntilItIsUnarchived) {
  AmplitudeWorld world;
  world.add_user("u1", "ada@example.com");
  world.cohort().archived = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(error_of(*world.source()).code(), "amplitude.archived_cohort");
    EXPECT_EQ(world.downloads(), 1U);
  }
  world.cohort().archived = false;
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 2U);
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
