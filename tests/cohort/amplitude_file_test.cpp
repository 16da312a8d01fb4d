// A download whose file no run can use, and what becomes of it.
#include <gmock/gmock.h>

#include "cohort/amplitude_source.hpp"
#include "cohort/amplitude_world.hpp"

namespace muster::testing {
namespace {

//! What makes the next file one that no run can use, and nothing more than that one.
struct Unusable {
  const char* name;
  std::function<void(AmplitudeWorld&)> given;
  std::function<void(AmplitudeWorld&)> mended;
  const char* code;
};

class UnusableFile : public ::testing::TestWithParam<Unusable> {};

TEST_P(UnusableFile, IsAskedForAnewByTheNextRun) {
  AmplitudeWorld world;
  for (int i = 0; i < 1'000; ++i) world.add_user("u", "p" + std::to_string(i) + "@example.com");
  GetParam().given(world);
  const auto error = error_of(*world.source());
  EXPECT_EQ(error.code(), GetParam().code);
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_EQ(error.hint().find("copy it again"), std::string::npos) << "nobody copied it";
  GetParam().mended(world);
  EXPECT_EQ(identifiers(*world.source()).size(), 1'000U);
  EXPECT_EQ(world.downloads(), 2U);
}

void lose_the_file(AmplitudeWorld& world, int status, const char* path = "/file") {
  simulator::Fault gone;
  gone.path = path;
  gone.status = status;
  world.amplitude.faults().add(gone);
}

INSTANTIATE_TEST_SUITE_P(
    Causes, UnusableFile,
    ::testing::Values(Unusable{"LacksAColumn",
                               [](auto& w) {
                                 w.amplitude.switches().unknown_property = "absent";
                                 for (auto& user : w.cohort().users) user.properties.erase("email");
                               },
                               [](auto& w) {
                                 for (auto& user : w.cohort().users)
                                   user.properties["email"] = "a@b.com";
                               },
                               "source.missing_column"},
                      Unusable{"IsCut",
                               [](auto& w) { w.amplitude.switches().truncated_gzip = true; },
                               [](auto& w) { w.amplitude.switches().truncated_gzip = false; },
                               "source.truncated"},
                      Unusable{"HasNotAByte",
                               [](auto& w) {
                                 w.amplitude.switches().gzip = "none";
                                 w.amplitude.switches().empty_file = true;
                               },
                               [](auto& w) { w.amplitude.switches().empty_file = false; },
                               "amplitude.empty_file"},
                      Unusable{"HasNotAByteInItsPack",
                               [](auto& w) { w.amplitude.switches().empty_file = true; },
                               [](auto& w) { w.amplitude.switches().empty_file = false; },
                               "amplitude.empty_file"},
                      Unusable{"IsNotThereBehindItsLink",
                               [](auto& w) {
                                 w.amplitude.switches().inline_limit = 0;
                                 lose_the_file(w, 404, "/files/");
                               },
                               [](auto&) {}, "amplitude.file_gone"},
                      Unusable{"IsRefusedAs400", [](auto& w) { lose_the_file(w, 400); },
                               [](auto&) {}, "amplitude.failed"},
                      Unusable{"IsRefusedAs401", [](auto& w) { lose_the_file(w, 401); },
                               [](auto&) {}, "amplitude.failed"},
                      Unusable{"IsRefusedAs403", [](auto& w) { lose_the_file(w, 403); },
                               [](auto&) {}, "amplitude.failed"},
                      Unusable{"IsRefusedAs409", [](auto& w) { lose_the_file(w, 409); },
                               [](auto&) {}, "amplitude.failed"},
                      Unusable{"IsNotThere", [](auto& w) { lose_the_file(w, 404); }, [](auto&) {},
                               "amplitude.file_gone"},
                      Unusable{"IsGone", [](auto& w) { lose_the_file(w, 410); }, [](auto&) {},
                               "amplitude.file_gone"}),
    [](const auto& tested) { return tested.param.name; });

TEST(AmplitudeSource, AFileThatIsPackedTwiceIsRead) {
  AmplitudeWorld world;
  world.amplitude.switches().gzip = "twice";
  world.add_user("u1", "a@b.com");
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
}

TEST(AmplitudeSource, APageInTheFilesPlaceIsNotToldToHaveNoHeader) {
  AmplitudeWorld world;
  world.amplitude.switches().page = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n";
  world.add_user("u1", "a@b.com");
  const auto error = error_of(*world.source());
  EXPECT_EQ(error.code(), "source.missing_column");
  EXPECT_EQ(error.hint().find("header: false"), std::string::npos) << error.hint();
  EXPECT_NE(error.hint().find("a page"), std::string::npos) << error.hint();
}

TEST(AmplitudeSource, KeysThatAreRefusedAtTheFileAreToldAndTheDownloadStays) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  const auto secret = world.amplitude.project().secret_key;
  world.amplitude.faults().set_source([&](const simulator::SimRequest& request) {
    if (request.target.ends_with("/file")) world.amplitude.project().secret_key = "another";
    return std::optional<simulator::Fault>();
  });
  EXPECT_EQ(error_of(*world.source()).code(), "amplitude.wrong_secret");
  world.amplitude.faults().set_source({});
  world.amplitude.project().secret_key = secret;
  EXPECT_EQ(identifiers(*world.source()).size(), 1U);
  EXPECT_EQ(world.downloads(), 1U);
}

TEST(AmplitudeSource, ATroubleOfTheSecondOriginIsPassed) {
  AmplitudeWorld world;
  world.add_user("u1", "a@b.com");
  world.amplitude.switches().inline_limit = 0;
  lose_the_file(world, 503, "/files/");
  const auto source = world.source();
  EXPECT_THROW(identifiers(*source), SourceLost) << "it is read again";
  EXPECT_EQ(identifiers(*source).size(), 1U);
  EXPECT_EQ(world.downloads(), 1U);
}

//! What a reading that broke off has counted does not count.
TEST(AmplitudeSource, RowsOfAnotherWidthAreCountedOnceThoughTheFileIsReadTwice) {
  AmplitudeWorld world;
  world.amplitude.switches().page = "amplitude_id,user_id,email\n1,u1,a@b.com,more\n2,u2,c@d.com\n";
  const auto source = world.source();
  for (int reading = 0; reading < 2; ++reading) {
    EXPECT_EQ(identifiers(*source).size(), 2U);
    ASSERT_EQ(source->notices().size(), 1U);
    EXPECT_EQ(source->notices()[0].count, 1U);
  }
}

}  // namespace
}  // namespace muster::testing
