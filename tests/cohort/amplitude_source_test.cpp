// Cohorts downloaded from a simulated Amplitude: the suite of every source, and what is its own.
#include "cohort/amplitude_source.hpp"

#include "cohort/amplitude_world.hpp"
#include "cohort/file_kinds.hpp"
#include "plan/cohort_index.hpp"
#include "plan/support.hpp"

namespace muster::testing {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  std::unique_ptr<Source> being_odd() override {
    world_.amplitude.switches().archived_download = true;
    world_.cohort().archived = true;
    return holding(many_people(3), {});
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

//! The codes of what the source has to tell.
std::vector<std::string> told_by(const Source& source) {
  std::vector<std::string> codes;
  for (const auto& notice : source.notices()) codes.push_back(notice.code);
  return codes;
}

TEST(AmplitudeSource, AnArchivedCohortThatIsServedIsReadAndTold) {
  AmplitudeWorld world;
  world.amplitude.switches().archived_download = true;
  world.add_user("u1", "a@b.com");
  world.cohort().archived = true;
  const auto source = world.source();
  EXPECT_EQ(identifiers(*source).size(), 1U);
  EXPECT_THAT(told_by(*source), ElementsAre("archived_cohort"));
  EXPECT_THAT(source->notices()[0].text, HasSubstr("7khm89cz is archived"));
}

TEST(AmplitudeSource, IsReadWithoutTheListOfCohorts) {
  for (const int status : {403, 404, 500, 200}) {
    for (const bool is_dated : {false, true}) {
      SCOPED_TRACE(::testing::Message() << status << ' ' << is_dated);
      AmplitudeWorld world;
      world.add_user("u1", "a@b.com");
      world.refuse("/api/3/cohorts", status);
      auto options = world.options();
      options.is_dated = is_dated;
      AmplitudeSource source(options, world.environment());
      EXPECT_EQ(identifiers(source).size(), 1U);
      EXPECT_FALSE(source.as_of()) << "nobody tells how old the file is";
      EXPECT_EQ(told_by(source),
                is_dated ? std::vector<std::string>{"unknown_age"} : std::vector<std::string>{});
    }
  }
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

}  // namespace
}  // namespace muster::testing
