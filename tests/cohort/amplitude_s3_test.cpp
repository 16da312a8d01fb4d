// Amplitude's files in a directory: the suite of every source, and how a run's files make a cohort.
#include "cohort/amplitude_s3_source.hpp"

#include <fmt/format.h>

#include "cohort/file_kinds.hpp"
#include "simulator/amplitude_s3.hpp"

namespace muster::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Ids = std::vector<int>;

std::vector<simulator::AmplitudeUser> users(const Ids& ids) {
  std::vector<simulator::AmplitudeUser> users;
  for (const int id : ids) {
    const auto number = std::to_string(id);
    users.push_back(
        {static_cast<std::uint64_t>(id), "u" + number, {{"email", "p" + number + "@b.com"}}});
  }
  return users;
}

void write(const TempDir& dir, const simulator::S3Run& run) {
  for (const auto& file : run.files()) dir.write(file.name, file.text);
}

//! `time` as in a name: YYYY-MM-DDTHH:SS or YYYY-MM-DDTHH-SS.
void write_run(const TempDir& dir, const std::string& time, const Ids& entering, const Ids& exiting,
               const Ids& existing, const std::string& cohort = "7khm89cz") {
  simulator::S3Run run;
  run.cohort = cohort;
  run.day = time.substr(0, 10);
  run.hour = std::stoi(time.substr(11, 2));
  run.second = std::stoi(time.substr(14, 2));
  run.spelling =
      time[13] == ':' ? simulator::S3Run::Spelling::kColon : simulator::S3Run::Spelling::kHyphen;
  run.entering = users(entering);
  run.exiting = users(exiting);
  run.existing = users(existing);
  write(dir, run);
}

AmplitudeS3Options options_for(const TempDir& dir) {
  AmplitudeS3Options options;
  options.directory = dir.path();
  options.shown_as = "exports";
  return options;
}

std::vector<std::string> ids_of(Source& source) {
  source.open({"email", {}});
  std::vector<std::string> seen;
  while (const auto member = source.next()) seen.emplace_back(member->source_id);
  return seen;
}

std::string code_of(AmplitudeS3Options options) {
  try {
    AmplitudeS3Source source(std::move(options));
    ids_of(source);
  } catch (const Error& error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code();
  }
  return "";
}

class S3Kind final : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    write(people, SIZE_MAX);
    return std::make_unique<AmplitudeS3Source>(options_for(dir_), std::move(waiting));
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    write(people, 500'000);
    return std::make_unique<AmplitudeS3Source>(options_for(dir_), Waiting{});
  }
  std::unique_ptr<Source> being_odd() override {
    write(many_people(3), SIZE_MAX);
    dir_.write("1_c_2026-11-24T10:30_entering_k.csv",
               "amplitudeID,userID,email,plan\n0,u0,person0@example.com,pro\n7,ragged\n");
    return std::make_unique<AmplitudeS3Source>(options_for(dir_), Waiting{});
  }

 private:
  void write(const std::vector<Person>& people, std::size_t most) {
    std::string text = "amplitudeID,userID,email,plan\n";
    for (std::size_t i = 0; i < people.size(); ++i) {
      text += std::to_string(i) + ',' + quoted(people[i].user_id) + ',' + quoted(people[i].email) +
              ',' + quoted(people[i].plan) + '\n';
    }
    const std::string none = "amplitudeID,userID,email,plan\n";
    dir_.write("1_c_2026-11-24T10:30_entering_k.csv", none);
    dir_.write("1_c_2026-11-24T10:30_exiting_k.csv", none);
    dir_.write("1_c_2026-11-24T10:30_existing_k.csv",
               text.substr(0, most == SIZE_MAX ? most : text.find(",\"person", most)));
  }
  TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(S3, EverySource, ::testing::Values(kind<S3Kind>("AmplitudeS3")),
                         name_of_kind);

TEST(AmplitudeS3, IsTheUnionOfExistingAndEnteringWithoutExiting) {
  const TempDir dir;
  write_run(dir, "2026-11-24T10:30", {4}, {2}, {1, 2, 3});
  AmplitudeS3Source source(options_for(dir));
  EXPECT_THAT(ids_of(source), ElementsAre("u4", "u1", "u3"));
  EXPECT_TRUE(source.notices().empty());
}

TEST(AmplitudeS3, CountsWhoIsInTwoFilesOnceAndWarns) {
  const TempDir dir;
  write_run(dir, "2026-11-24T10:30", {4, 5}, {5}, {1, 4});
  AmplitudeS3Source source(options_for(dir));
  EXPECT_THAT(ids_of(source), ElementsAre("u4", "u1"));
  ASSERT_EQ(source.notices().size(), 1U);
  EXPECT_EQ(source.notices()[0].code, "overlapping_rows");
  EXPECT_EQ(source.notices()[0].count, 2U);
  EXPECT_THAT(source.notices()[0].first_at, HasSubstr("entering_key.csv:3:1"));
}

TEST(AmplitudeS3, IsTheSameWhetherExistingHasThoseWhoCameOrNot) {
  for (const auto holds :
       {simulator::S3Run::Existing::kAsBefore, simulator::S3Run::Existing::kWithEntering}) {
    const TempDir dir;
    simulator::S3Run run;
    run.existing = users({1, 2});
    run.entering = users({3});
    run.exiting = users({1});
    run.holds = holds;
    write(dir, run);
    AmplitudeS3Source source(options_for(dir));
    EXPECT_THAT(ids_of(source), ElementsAre("u3", "u2"));
  }
}

TEST(AmplitudeS3, ReadsTheNewestRunInEitherSpellingOfTime) {
  for (const auto& [older, newer] : {std::pair{"2026-11-24T09-59", "2026-11-24T10:00"},
                                     std::pair{"2026-11-24T09:59", "2026-11-24T10-00"},
                                     std::pair{"2026-11-09T23:00", "2026-11-10T01-00"}}) {
    const TempDir dir;
    write_run(dir, newer, {}, {}, {2});
    write_run(dir, older, {}, {}, {1});
    AmplitudeS3Source source(options_for(dir));
    EXPECT_THAT(ids_of(source), ElementsAre("u2")) << newer;
  }
}

TEST(AmplitudeS3, OfTwoRunsInAnHourTheOneThatWasWrittenLastIsReadAndThatIsTold) {
  const auto write_at = [](const TempDir& dir, const std::string& time, int id, int written) {
    write_run(dir, time, {}, {}, {id});
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      if (entry.path().filename().string().find(time) == std::string::npos) continue;
      std::filesystem::last_write_time(entry.path(),
                                       file_time(Instant{std::chrono::seconds(written)}));
    }
  };
  for (const auto& [earlier, later] :
       {std::pair{"2026-11-24T10:50", "2026-11-24T10:05"},  // the seconds, as the minutes are not
        std::pair{"2026-11-24T10-05", "2026-11-24T10:50"}}) {
    const TempDir dir;
    write_at(dir, "2026-11-24T09:59", 1, 9'000);
    write_at(dir, earlier, 2, 1'000);
    write_at(dir, later, 3, 2'000);
    AmplitudeS3Source source(options_for(dir));
    EXPECT_THAT(ids_of(source), ElementsAre("u3"));
    ASSERT_EQ(source.notices().size(), 1U);
    EXPECT_EQ(source.notices()[0].code, "runs_of_one_hour");
    EXPECT_THAT(source.notices()[0].text, HasSubstr("2 runs are of one hour"));
  }
}

//! Names to the second tell which is newer, whatever a copy made of the files' times.
TEST(AmplitudeS3, OfTwoRunsInAnHourWhoseNamesTellTheLaterOneIsRead) {
  const TempDir dir;
  for (const auto& [time, id, written] :
       {std::tuple{"2026-11-24T12-30-05", 1, 2'000}, {"2026-11-24T12:45:05", 2, 1'000}}) {
    for (const auto* kind : {"entering", "exiting", "existing"}) {
      const std::string row =
          std::string(kind) == "existing" ? fmt::format("{0},u{0},a@b.com\n", id) : "";
      const auto file = dir.write(fmt::format("1_c_{}_{}_key.csv", time, kind),
                                  "amplitudeID,userID,email\n" + row);
      std::filesystem::last_write_time(file, file_time(Instant{std::chrono::seconds(written)}));
    }
  }
  AmplitudeS3Source source(options_for(dir));
  EXPECT_THAT(ids_of(source), ElementsAre("u2"));
  EXPECT_TRUE(source.notices().empty());
}

TEST(AmplitudeS3, FilesWhoseNamesAreOtherwiseAreTold) {
  const TempDir dir;
  write_run(dir, "2026-11-24T10-00", {}, {}, {1});
  dir.write("1_7khm89cz_2026-11-26_existing_key.csv", "amplitudeID,userID,email\n2,u2,b@b.com\n");
  dir.write("README.txt", "of the export");
  AmplitudeS3Source source(options_for(dir));
  EXPECT_THAT(ids_of(source), ElementsAre("u1"));
  ASSERT_EQ(source.notices().size(), 1U);
  EXPECT_EQ(source.notices()[0].code, "unread_files");
  EXPECT_EQ(source.notices()[0].count, 1U);
  EXPECT_THAT(source.notices()[0].text, HasSubstr("1_7khm89cz_2026-11-26_existing_key.csv"));
}

//! Three files of `key`'s run at one time, with these rows of amplitudeID,userID,email.
void write_keyed(const TempDir& dir, const std::string& key, const std::string& exiting,
                 const std::string& existing, int written) {
  const std::string header = "amplitudeID,userID,email\n";
  for (const auto& [kind, rows] :
       {std::pair{"entering", std::string()}, {"exiting", exiting}, {"existing", existing}}) {
    const auto file =
        dir.write("1_c_2026-11-24T10:30_" + std::string(kind) + "_" + key + ".csv", header + rows);
    std::filesystem::last_write_time(file, file_time(Instant{std::chrono::seconds(written)}));
  }
}

TEST(AmplitudeS3, OfTwoRoutingKeysTheRunThatWasWrittenLastIsReadAloneAndThatIsTold) {
  for (const bool a_is_newer : {true, false}) {
    const TempDir dir;
    write_keyed(dir, "a", "2,u2,b@b.com\n", "1,u1,a@b.com\n", a_is_newer ? 2'000 : 1'000);
    write_keyed(dir, "b", "1,u1,a@b.com\n", "2,u2,b@b.com\n", a_is_newer ? 1'000 : 2'000);
    AmplitudeS3Source source(options_for(dir));
    EXPECT_THAT(ids_of(source), ElementsAre(a_is_newer ? "u1" : "u2"));
    ASSERT_EQ(source.notices().size(), 1U);
    EXPECT_EQ(source.notices()[0].code, "runs_of_one_hour");
    EXPECT_THAT(source.notices()[0].text, HasSubstr(a_is_newer ? "of a" : "of b"));
  }
}

TEST(AmplitudeS3, AFileOfAnotherRoutingKeyDoesNotMakeARunWhole) {
  const TempDir dir;
  write_keyed(dir, "a", "", "1,u1,a@b.com\n", 1'000);
  write_keyed(dir, "b", "1,u1,a@b.com\n", "1,u1,a@b.com\n", 2'000);
  std::filesystem::remove(dir / "1_c_2026-11-24T10:30_exiting_b.csv");
  EXPECT_EQ(code_of(options_for(dir)), "source.incomplete_run");
}

TEST(AmplitudeS3, ARunThatLacksAFileIsStillBeingCopied) {
  for (const auto* lacking : {"entering", "exiting", "existing"}) {
    const TempDir dir;
    write_run(dir, "2026-11-23T10:30", {}, {}, {1});
    write_run(dir, "2026-11-24T10:30", {}, {}, {1});
    std::filesystem::remove(
        dir / ("187520_7khm89cz_2026-11-24T10:30_" + std::string(lacking) + "_key.csv"));
    EXPECT_EQ(code_of(options_for(dir)), "source.incomplete_run") << lacking;
  }
}

TEST(AmplitudeS3, AFileWithoutAByteIsStillBeingCopiedAndNoEmptySource) {
  for (const auto* empty : {"entering", "exiting", "existing"}) {
    const TempDir dir;
    write_run(dir, "2026-11-24T10:30", {}, {}, {1});
    dir.write("187520_7khm89cz_2026-11-24T10:30_" + std::string(empty) + "_key.csv", "");
    EXPECT_EQ(code_of(options_for(dir)), "source.empty_file") << empty;
  }
}

//! A run whose files have these rows of amplitudeID,userID.
void write_rows(const TempDir& dir, const std::string& entering, const std::string& exiting,
                const std::string& existing) {
  const std::string name = "1_c_2026-11-24T10:30_";
  const std::string header = "amplitudeID,userID,email\n";
  dir.write(name + "entering_k.csv", header + entering);
  dir.write(name + "exiting_k.csv", header + exiting);
  dir.write(name + "existing_k.csv", header + existing);
}

TEST(AmplitudeS3, WhoLeavesWithoutAnAmplitudeIdIsKnownByTheUserId) {
  const TempDir dir;
  write_rows(dir, "", ",u2,b@b.com\n3,u3,c@b.com\n",
             "1,u1,a@b.com\n2,u2,b@b.com\n,u3,c@b.com\n4,u3,d@b.com\n");
  AmplitudeS3Source source(options_for(dir));
  EXPECT_THAT(ids_of(source), ElementsAre("u1", "u3"))
      << "another Amplitude id of a user who leaves under one stays";
}

TEST(AmplitudeS3, WhoEntersAndIsThereWithoutAnAmplitudeIdCountsOnce) {
  const TempDir dir;
  write_rows(dir, ",u1,a@b.com\n", "", "1,u1,a@b.com\n,u2,b@b.com\n");
  AmplitudeS3Source source(options_for(dir));
  EXPECT_THAT(ids_of(source), ElementsAre("u1", "u2"));
}

TEST(AmplitudeS3, ALeaverWhomNothingTellsIsRefused) {
  const TempDir dir;
  write_rows(dir, "", ",,x@b.com\n", "1,u1,a@b.com\n");
  EXPECT_EQ(code_of(options_for(dir)), "source.nobody_leaves");
}

TEST(AmplitudeS3, IsAsOldAsTheHourOfItsNameOrItsOldestFile) {
  using std::chrono::sys_days;
  const Instant hour = sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(10);
  const auto age = [&](Milliseconds after) {
    const TempDir dir;
    write_rows(dir, "", "", "1,u1,a@b.com\n");
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      std::filesystem::last_write_time(entry.path(), file_time(hour + after));
    }
    AmplitudeS3Source source(options_for(dir));
    ids_of(source);
    return source.as_of();
  };
  EXPECT_EQ(age(std::chrono::hours(3)), hour);
  EXPECT_EQ(age(-std::chrono::hours(3)), hour - std::chrono::hours(3));
}

TEST(AmplitudeS3, AsksWhichOfSeveralCohorts) {
  const TempDir dir;
  write_run(dir, "2026-11-24T10:30", {}, {}, {1});
  write_run(dir, "2026-11-24T10:30", {}, {}, {2}, "abc");
  EXPECT_EQ(code_of(options_for(dir)), "source.several_cohorts");
  auto options = options_for(dir);
  options.cohort = "abc";
  AmplitudeS3Source source(options);
  EXPECT_THAT(ids_of(source), ElementsAre("u2"));
}

TEST(AmplitudeS3, SaysOfWhichCohortsTheFilesAreWhereNoneIsOfTheOneNamed) {
  const TempDir dir;
  write_run(dir, "2026-11-24T10:30", {}, {}, {1});
  auto options = options_for(dir);
  options.cohort = "abc";
  EXPECT_EQ(code_of(options), "source.other_cohorts");
  try {
    AmplitudeS3Source(options).open({"email", {}});
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("abc"));
    EXPECT_THAT(error.hint(), HasSubstr("7khm89cz"));
  }
}

TEST(AmplitudeS3, RefusesADirectoryWithoutSuchFilesOrThatIsNotThere) {
  const TempDir dir;
  dir.write("cohort.csv", "email\n");
  EXPECT_EQ(code_of(options_for(dir)), "source.no_file");
  auto options = options_for(dir);
  options.directory = dir / "none";
  EXPECT_EQ(code_of(options), "source.unreadable");
}

}  // namespace
}  // namespace muster::testing
