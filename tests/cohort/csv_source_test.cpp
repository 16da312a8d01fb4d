// A cohort in CSV files: columns, packed files, odd rows, files that fail.
#include "cohort/csv_source.hpp"

#include <gmock/gmock.h>
#include <zlib.h>
#include <zstd.h>

#include "cohort/source_config.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;

struct Seen {
  std::string source_id, identifier;
  std::vector<std::string> properties;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> members_of(Source& source, const Columns& columns) {
  source.open(columns);
  std::vector<Seen> seen;
  while (const auto member = source.next()) {
    seen.push_back({std::string(member->source_id),
                    std::string(member->identifier),
                    {member->properties.begin(), member->properties.end()}});
  }
  return seen;
}

CsvOptions csv(const std::filesystem::path& file) {
  CsvOptions options;
  options.pattern = file;
  return options;
}

std::vector<Seen> read(CsvOptions options, const Columns& columns = {"email", {}}) {
  CsvSource source(std::move(options));
  return members_of(source, columns);
}

Error error_of(CsvOptions options, const Columns& columns = {"email", {}}) {
  try {
    read(std::move(options), columns);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused";
  return {ErrorKind::kFailed, "", ""};
}

std::string gzip(const std::string& text) {
  std::string packed(text.size() + 100, '\0');
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

std::string zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

const std::string kText = "user_id,email,plan\nu1,a@b.com,pro\nu2,c@d.com,free\n";

TEST(CsvSource, GivesIdentifierSourceIdAndProperties) {
  const TempDir dir;
  EXPECT_THAT(read(csv(dir.write("c.csv", kText)), {"email", {"plan"}}),
              ElementsAre(Seen{"u1", "a@b.com", {"pro"}}, Seen{"u2", "c@d.com", {"free"}}));
}

TEST(CsvSource, KnowsColumnsByTheirAliases) {
  const TempDir dir;
  const auto file = dir.write("c.csv", "amplitudeID,userID,E-Mail\n7,u1,a@b.com\n");
  EXPECT_THAT(read(csv(file)), ElementsAre(Seen{"u1", "a@b.com", {}}));
}

TEST(CsvSource, PrefersTheExactName) {
  const TempDir dir;
  const auto file = dir.write("c.csv", "Email,email\nwrong@b.com,a@b.com\n");
  EXPECT_THAT(read(csv(file)), ElementsAre(Seen{"", "a@b.com", {}}));
}

TEST(CsvSource, RefusesTwoColumnsOfOneName) {
  const TempDir dir;
  EXPECT_EQ(error_of(csv(dir.write("c.csv", "email,email\na,b\n"))).code(),
            "source.ambiguous_column");
}

TEST(CsvSource, NamesAMissingColumnAndTheNearest) {
  const TempDir dir;
  const auto error = error_of(csv(dir.write("c.csv", "user_id,emial\nu1,a@b.com\n")));
  EXPECT_EQ(error.code(), "source.missing_column");
  EXPECT_THAT(error.hint(), HasSubstr("emial"));
  EXPECT_THAT(error.where(), HasSubstr("c.csv:1:1"));
}

TEST(CsvSource, NeverRepeatsAFirstLineThatMayBePeoplesData) {
  const TempDir dir;
  for (const auto* text : {"u1,ada@example.com\nu2,bob@example.com\n",
                           "Ada,Lovelace\nGrace,Hopper\n", "+49 170 1234567,Lovelace\n",
                           "Emil\nAda\n", "id,Lovelace 1815-12-10 Ada\n", "id,ada@example.com\n"}) {
    const auto error = error_of(csv(dir.write("c.csv", text)));
    EXPECT_EQ(error.code(), "source.missing_column");
    for (const auto* data : {"ada", "Ada", "Lovelace", "Emil", "1234567"}) {
      EXPECT_EQ(std::string(error.what()).find(data), std::string::npos) << error.what();
    }
    EXPECT_THAT(error.hint(), HasSubstr("header: false"));
  }
}

TEST(CsvSource, TakesAnyIdentifiersWithoutAHeaderWhenTold) {
  const TempDir dir;
  auto options = csv(dir.write("ids.csv", "u1\nu2\n"));
  options.form.header = CsvForm::Header::kAbsent;
  EXPECT_THAT(read(options), ElementsAre(Seen{"", "u1", {}}, Seen{"", "u2", {}}));
}

TEST(CsvSource, NoticesThatAPatternFindsOtherFilesInTheEnd) {
  const TempDir dir;
  dir.write("p1.csv", "email\na@b.com\n");
  CsvSource source(csv(dir / "p*.csv"));
  source.open({"email", {}});
  ASSERT_TRUE(source.next());
  dir.write("p2.csv", "email\nc@d.com\n");
  try {
    source.next();
    ADD_FAILURE() << "not noticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.changed");
  }
}

TEST(CsvSource, ReadsGzipAlsoInSeveralMembers) {
  const TempDir dir;
  const auto file = dir.write("c.csv.gz", gzip("email\na@b.com\n") + gzip("c@d.com\n"));
  EXPECT_EQ(read(csv(file)).size(), 2U);
}

TEST(CsvSource, ReadsZstd) {
  const TempDir dir;
  EXPECT_EQ(read(csv(dir.write("c.csv.zst", zstd(kText)))).size(), 2U);
}

TEST(CsvSource, RefusesTruncatedPackedFiles) {
  const TempDir dir;
  for (const auto& packed : {gzip(kText), zstd(kText)}) {
    const auto file = dir.write("cut", packed.substr(0, packed.size() - 5));
    EXPECT_EQ(error_of(csv(file)).code(), "source.truncated");
  }
}

TEST(CsvSource, RefusesDamagedGzip) {
  const TempDir dir;
  auto packed = gzip(kText);
  packed[15] = static_cast<char>(packed[15] ^ 0x55);
  packed[16] = static_cast<char>(packed[16] ^ 0x55);
  const auto code = error_of(csv(dir.write("bad", packed))).code();
  EXPECT_TRUE(code == "source.corrupt" || code == "source.truncated") << code;
}

TEST(CsvSource, CountsRaggedRowsWithTheirFirstLine) {
  const TempDir dir;
  CsvSource source(csv(dir.write("c.csv", "user_id,email\nu1\nu2,a@b.com,more\n")));
  EXPECT_THAT(members_of(source, {"email", {}}),
              ElementsAre(Seen{"u1", "", {}}, Seen{"u2", "a@b.com", {}}));
  ASSERT_EQ(source.notices().size(), 1U);
  EXPECT_EQ(source.notices()[0].count, 2U);
  EXPECT_THAT(source.notices()[0].first_at, HasSubstr("c.csv:2:1"));
}

TEST(CsvSource, TellsWhereTheFirstFiveRaggedRowsAreEachTimeItIsOpened) {
  const TempDir dir;
  dir.write("a.csv", "user_id,email\nu1\nu2,a@b.com\nu3\n");
  dir.write("b.csv", "user_id,email\nu4\nu5\nu6\nu7\n");
  CsvSource source(csv(dir / "*.csv"));
  for (int i = 0; i < 2; ++i) {
    members_of(source, {"email", {}});
    const auto notice = source.notices().at(0);
    EXPECT_EQ(notice.count, 6U);
    EXPECT_THAT(notice.first_at, HasSubstr("a.csv:2:1"));
    EXPECT_THAT(notice.next_at, ElementsAre(HasSubstr("a.csv:4:1"), HasSubstr("b.csv:2:1"),
                                            HasSubstr("b.csv:3:1"), HasSubstr("b.csv:4:1")));
  }
}

TEST(CsvSource, RefusesAFileThatEndsWithinARow) {
  const TempDir dir;
  EXPECT_EQ(error_of(csv(dir.write("c.csv", "user_id,email\nu1,a@b.com\nu2"))).code(),
            "source.truncated");
  EXPECT_EQ(read(csv(dir.write("c.csv", "user_id,email\nu1,a@b.com\nu2\n"))).size(), 2U);
  EXPECT_EQ(read(csv(dir.write("c.csv", "user_id,email\nu1,a@b.com\nu2,"))).size(), 2U);
}

TEST(CsvSource, RefusesRaggedRowsWhenStrict) {
  const TempDir dir;
  auto options = csv(dir.write("c.csv", "user_id,email\nu1\n"));
  options.form.ragged_rows = CsvForm::RaggedRows::kRefuse;
  EXPECT_EQ(error_of(options).code(), "source.ragged_row");
}

TEST(CsvSource, TakesASingleColumnOfIdentifiersWithoutAHeader) {
  const TempDir dir;
  EXPECT_EQ(read(csv(dir.write("ids.csv", "171\n172\n"))).size(), 2U);
  EXPECT_EQ(read(csv(dir.write("mails.csv", "a@b.com\nc@d.com\n"))).size(), 2U);
}

TEST(CsvSource, ReadsEveryFileOfAGlobInOrder) {
  const TempDir dir;
  dir.write("p2.csv", "email\nsecond@b.com\n");
  dir.write("p1.csv", "user_id,email\nu1,first@b.com\n");
  EXPECT_THAT(read(csv(dir / "p*.csv")),
              ElementsAre(Seen{"u1", "first@b.com", {}}, Seen{"", "second@b.com", {}}));
}

TEST(CsvSource, RefusesAGlobThatMatchesNothing) {
  const TempDir dir;
  EXPECT_EQ(error_of(csv(dir / "p*.csv")).code(), "source.no_file");
}

TEST(CsvSource, RefusesAMissingFileADirectoryAndAnEmptyFile) {
  const TempDir dir;
  EXPECT_EQ(error_of(csv(dir / "none.csv")).code(), "source.unreadable");
  EXPECT_EQ(error_of(csv(dir.path())).code(), "source.unreadable");
  EXPECT_EQ(error_of(csv(dir.write("empty.csv", ""))).code(), "source.empty");
}

TEST(CsvSource, ReadsZstdBehindAFrameToBeSkipped) {
  const TempDir dir;
  const std::string skipped("\x53\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
  EXPECT_EQ(read(csv(dir.write("c.zst", skipped + zstd(kText)))).size(), 2U);
}

TEST(CsvSource, TellsWhichProgramPackedWhatItCanNotRead) {
  const struct {
    std::string head;
    const char* program;
  } cases[] = {{std::string("\xFD\x37\x7A\x58\x5A\x00\x00\x04", 8), "xz"},
               {std::string("BZh9\x31\x41\x59\x26\x53\x59"), "bzip2"},
               {std::string("PK\x03\x04\x14\x00\x00\x00", 8), "zip"}};
  for (const auto& c : cases) {
    const TempDir dir;
    const auto error = error_of(csv(dir.write("c.csv", c.head + "rest")));
    EXPECT_EQ(error.code(), "source.foreign_pack");
    EXPECT_NE(error.message().find(std::string("by ") + c.program), std::string::npos);
  }
  const TempDir dir;
  EXPECT_EQ(read(csv(dir.write("c.csv", "BZh9,email\nu,a@b.com\n"))).size(), 1U) << "is text";
}

TEST(CsvSource, AnEmptyFileAmongSeveralIsRefusedByItsNameAndIsNoEmptySource) {
  for (const auto* text : {"", "\n"}) {
    for (const auto* empty : {"p1.csv", "p2.csv", "p3.csv"}) {
      const TempDir dir;
      for (const auto* name : {"p1.csv", "p2.csv", "p3.csv"}) dir.write(name, "email\na@b.com\n");
      dir.write(empty, text);
      const auto error = error_of(csv(dir / "p*.csv"));
      EXPECT_EQ(error.code(), "source.empty_file") << error.what();
      EXPECT_EQ(error.where(), (dir / empty).string());
    }
  }
  const TempDir dir;
  dir.write("p1.csv", "email\na@b.com\n");
  dir.write("p2.csv", gzip(""));
  EXPECT_EQ(error_of(csv(dir / "p*.csv")).code(), "source.empty_file");
  EXPECT_EQ(error_of(csv(dir / "p2*")).code(), "source.empty") << "alone it is the source";
}

TEST(CsvSource, NoticesAFileThatChangesWhileItIsRead) {
  const TempDir dir;
  const auto file = dir.write("c.csv", kText);
  CsvSource source(csv(file));
  source.open({"email", {}});
  std::ofstream(file, std::ios::app) << "u3,e@f.com,pro\n";
  EXPECT_THROW(
      {
        while (source.next()) {
        }
      },
      Error);
}

TEST(SourceConfig, ReadsCsvWithItsOptions) {
  const auto node = parse_yaml("{csv: c.csv, delimiter: tab, strict: true, id_column: uid}", "m");
  const auto options = std::get<CsvOptions>(parse_source(node, "/w"));
  EXPECT_EQ(options.pattern, "/w/c.csv");
  EXPECT_EQ(options.form.delimiter, '\t');
  EXPECT_EQ(options.form.ragged_rows, CsvForm::RaggedRows::kRefuse);
  EXPECT_EQ(options.form.id_column, "uid");
}

TEST(SourceConfig, ReadsJsonl) {
  const auto node = parse_yaml("{jsonl: c.jsonl, id_column: uid}", "m");
  const auto options = std::get<JsonlOptions>(parse_source(node, "/w"));
  EXPECT_EQ(options.pattern, "/w/c.jsonl");
  EXPECT_EQ(options.id_column, "uid");
}

TEST(SourceConfig, ReadsSqlOfAFileAndOfAReference) {
  const auto file = parse_yaml("{sql: people.db, query: SELECT 1}", "m");
  const auto sqlite = std::get<SqlOptions>(parse_source(file, "/w"));
  EXPECT_EQ(std::get<std::filesystem::path>(sqlite.database), "/w/people.db");
  EXPECT_EQ(sqlite.query, "SELECT 1");
  const auto url = parse_yaml("{sql: {env: DATABASE_URL}, query: SELECT 1}", "m");
  const auto postgres = std::get<SqlOptions>(parse_source(url, "/w"));
  EXPECT_EQ(std::get<SecretReference>(postgres.database).name, "DATABASE_URL");
  EXPECT_EQ(describe(postgres), "sql the database of DATABASE_URL");
}

TEST(SourceConfig, RefusesAWrittenOutUrlWithoutRepeatingIt) {
  const auto node = parse_yaml("{sql: 'postgres://u:pa55@h/d', query: SELECT 1}", "m");
  try {
    parse_source(node, "/w");
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "config.literal_secret");
    EXPECT_EQ(std::string(error.what()).find("pa55"), std::string::npos);
  }
}

TEST(SourceConfig, RefusesUnknownKindsAndKeys) {
  EXPECT_THROW(parse_source(parse_yaml("{sql: a.db}", "m"), "/w"), Error);
  EXPECT_THROW(parse_source(parse_yaml("{sql: a.db, query: ''}", "m"), "/w"), Error);
  EXPECT_THROW(parse_source(parse_yaml("{jsonl: c.jsonl, strict: true}", "m"), "/w"), Error);
  EXPECT_THROW(parse_source(parse_yaml("{cvs: c.csv}", "m"), "/w"), Error);
  EXPECT_THROW(parse_source(parse_yaml("{csv: c.csv, stirct: true}", "m"), "/w"), Error);
  EXPECT_THROW(parse_source(parse_yaml("{csv: c.csv, delimiter: ab}", "m"), "/w"), Error);
}

}  // namespace
}  // namespace muster
