// JSON Lines: what a line may be, and what is refused where.
#include "cohort/jsonl_source.hpp"

#include <gmock/gmock.h>

#include "cohort/file_kinds.hpp"

namespace muster::testing {
namespace {

std::vector<std::string> identifiers(JsonlOptions options, const std::string& column = "email") {
  JsonlSource source(std::move(options));
  source.open({column, {}});
  std::vector<std::string> seen;
  while (const auto member = source.next()) seen.emplace_back(member->identifier);
  return seen;
}

JsonlOptions jsonl(const std::filesystem::path& file) {
  JsonlOptions options;
  options.pattern = file;
  return options;
}

struct Refused {
  const char* name;
  const char* text;
  const char* code;
  const char* where;
};

class RefusedJsonl : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedJsonl, SaysWhereAndRepeatsNothing) {
  const TempDir dir;
  auto options = jsonl(dir.write("c.jsonl", GetParam().text));
  options.shown_as = "c.jsonl";
  try {
    identifiers(options);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), GetParam().code);
    EXPECT_EQ(error.where(), GetParam().where);
    EXPECT_FALSE(error.hint().empty());
    EXPECT_EQ(std::string(error.what()).find("ada"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, RefusedJsonl,
    ::testing::Values(
        Refused{"Csv", "email\nada@b.com\n", "jsonl.not_json", "c.jsonl:1:1"},
        Refused{"CutLine", "{\"email\":\"ada@b.com\"}\n{\"email\":\"ada", "jsonl.not_json",
                "c.jsonl:2:14"},
        Refused{"TwoObjects", "{\"email\":\"ada\"}{\"email\":\"ada\"}\n", "jsonl.not_json",
                "c.jsonl:1:16"},
        Refused{"List", "[\"ada@b.com\"]\n", "jsonl.not_an_object", "c.jsonl:1:1"},
        Refused{"NotAValue", "{\"email\":[\"ada@b.com\"]}\n", "jsonl.not_a_value", "c.jsonl:1:1"},
        Refused{"NoSuchKey", "{\"mail\":\"ada@b.com\"}\n", "source.missing_column", "c.jsonl:1:1"},
        Refused{"Latin1", "{\"email\":\"j\xFCrgen\"}\n", "csv.not_utf8", "c.jsonl:1:12"}),
    [](const auto& tested) { return tested.param.name; });

TEST(JsonlSource, GivesNumbersAndFlagsAsText) {
  const TempDir dir;
  const auto file = dir.write("c.jsonl",
                              "{\"id\":9007199254740993}\n{\"id\":18446744073709551615}\n"
                              "{\"id\":-5}\n{\"id\":true}\n{\"id\":1.5}\n");
  EXPECT_THAT(
      identifiers(jsonl(file), "id"),
      ::testing::ElementsAre("9007199254740993", "18446744073709551615", "-5", "true", "1.5"));
}

TEST(JsonlSource, SkipsBlankLinesAndTakesALastLineWithoutBreak) {
  const TempDir dir;
  const auto file =
      dir.write("c.jsonl", "\xEF\xBB\xBF{\"email\":\"a\"}\r\n\n  \n{\"email\":\"b\"}");
  EXPECT_THAT(identifiers(jsonl(file)), ::testing::ElementsAre("a", "b"));
}

TEST(JsonlSource, ReadsEveryFileOfAPatternPackedOrNot) {
  const TempDir dir;
  dir.write("p1.jsonl.gz", gzipped("{\"email\":\"a\"}\n"));
  dir.write("p2.jsonl", "{\"email\":\"b\"}\n");
  EXPECT_THAT(identifiers(jsonl(dir / "p*")), ::testing::ElementsAre("a", "b"));
}

TEST(JsonlSource, AnEmptyFileIsAnEmptyCohort) {
  const TempDir dir;
  EXPECT_TRUE(identifiers(jsonl(dir.write("c.jsonl", ""))).empty());
}

TEST(JsonlSource, AnEmptyFileAmongSeveralIsRefusedByItsName) {
  for (const auto* empty : {"p1.jsonl", "p2.jsonl"}) {
    const TempDir dir;
    for (const auto* name : {"p1.jsonl", "p2.jsonl"}) dir.write(name, "{\"email\":\"a\"}\n");
    dir.write(empty, "");
    try {
      identifiers(jsonl(dir / "p*"));
      ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "source.empty_file");
      EXPECT_EQ(error.where(), (dir / empty).string());
    }
  }
}

TEST(JsonlSource, NoticesAFileThatChangesWhileItIsRead) {
  const TempDir dir;
  const auto file = dir.write("c.jsonl", "{\"email\":\"a\"}\n");
  JsonlSource source(jsonl(file));
  source.open({"email", {"email"}});
  std::ofstream(file, std::ios::app) << "{\"email\":\"b\"}\n";
  EXPECT_THROW(people_of(source), Error);
}

}  // namespace
}  // namespace muster::testing
