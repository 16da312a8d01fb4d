// SQLite files as sources: what they may be, and that nothing is ever written to them.
#include "cohort/sqlite_source.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <functional>

#include "support/temp_dir.hpp"

namespace muster {
namespace {

using testing::TempDir;

std::filesystem::path database(const TempDir& dir, const char* sql) {
  const auto file = dir / "people.db";
  sqlite3* opened = nullptr;
  sqlite3_open(file.c_str(), &opened);
  char* failed = nullptr;
  sqlite3_exec(opened, sql, nullptr, nullptr, &failed);
  EXPECT_EQ(failed, nullptr) << failed;
  sqlite3_close(opened);
  return file;
}

std::vector<std::string> identifiers(const std::filesystem::path& file, const std::string& query) {
  SqlOptions options;
  options.database = file;
  options.shown_as = file.filename();
  options.query = query;
  options.query_where = "muster.yaml:7:9";
  VirtualClock clock;
  SqliteSource source(options, clock, {});
  source.open({"email", {}});
  std::vector<std::string> seen;
  while (const auto member = source.next()) seen.emplace_back(member->identifier);
  return seen;
}

Error error_of(const std::filesystem::path& file, const std::string& query) {
  try {
    identifiers(file, query);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused";
  return {ErrorKind::kFailed, "", ""};
}

TEST(SqliteSource, IsAsOldAsItsQuery) {
  const TempDir dir;
  SqlOptions options;
  options.database = database(dir, "CREATE TABLE p (email); INSERT INTO p VALUES ('a'), ('b')");
  options.query = "SELECT email FROM p";
  VirtualClock clock;
  SqliteSource source(options, clock, {});
  const auto began = clock.now();
  source.open({"email", {}});
  while (source.next()) clock.advance(std::chrono::minutes(5));
  EXPECT_EQ(source.as_of(), began);
}

TEST(SqliteSource, GivesNullAsEmptyAndNumbersAsText) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (v); INSERT INTO p VALUES (NULL), (17), ('a')");
  EXPECT_THAT(identifiers(file, "SELECT v AS email FROM p ORDER BY rowid;"),
              ::testing::ElementsAre("", "17", "a"));
}

TEST(SqliteSource, TakesAQueryWithACommentBehindItsEnd) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (email); INSERT INTO p VALUES ('a')");
  for (const auto* query :
       {"SELECT email FROM p; -- everyone", "SELECT email FROM p;\n/* every; one */ ;\n",
        "SELECT email FROM p -- everyone"}) {
    EXPECT_THAT(identifiers(file, query), ::testing::ElementsAre("a")) << query;
  }
  EXPECT_EQ(error_of(file, "SELECT email FROM p; -- a\n DELETE FROM p").code(),
            "sql.not_one_query");
}

TEST(SqliteSource, RefusesWhatWouldWriteAndWhatIsNotOneQuery) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (email)");
  const auto before = testing::read_file(file);
  for (const auto* query :
       {"DELETE FROM p RETURNING email", "INSERT INTO p VALUES ('x') RETURNING email",
        "DROP TABLE p", "SELECT email FROM p; DELETE FROM p", "", "ATTACH 'other.db' AS o"}) {
    const auto error = error_of(file, query);
    EXPECT_EQ(error.code(), "sql.not_one_query") << query;
    EXPECT_EQ(error.where(), "muster.yaml:7:9");
    EXPECT_FALSE(error.hint().empty());
  }
  EXPECT_EQ(testing::read_file(file), before);
}

TEST(SqliteSource, TellsWhatIsWrongWithTheQuery) {
  const TempDir dir;
  const auto error = error_of(database(dir, "CREATE TABLE p (email)"), "SELECT emial FROM p");
  EXPECT_EQ(error.code(), "sql.bad_query");
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), ::testing::HasSubstr("no such column: emial"));
}

TEST(SqliteSource, AnUnknownCollationIsToldByItsName) {
  const TempDir dir;
  const auto error = error_of(database(dir, "CREATE TABLE p (email)"),
                              "SELECT email FROM p ORDER BY email COLLATE german");
  EXPECT_EQ(error.code(), "sql.bad_query");
  EXPECT_THAT(error.message(), ::testing::HasSubstr("no such collation sequence: german"));
}

//! As a text it would leave the condition true of everyone, or of nobody.
TEST(SqliteSource, AMisspeltColumnInQuotesIsNoText) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (email, churned); INSERT INTO p VALUES ('a', 1)");
  const auto error = error_of(file, "SELECT email FROM p WHERE \"churnd\" <> 1");
  EXPECT_EQ(error.code(), "sql.bad_query");
  EXPECT_THAT(error.message(), ::testing::HasSubstr("churnd"));
  EXPECT_THAT(identifiers(file, "SELECT email FROM p WHERE \"churned\" = 1"),
              ::testing::ElementsAre("a"));
}

TEST(SqliteSource, AParameterWithoutAValueIsRefused) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (email, active)");
  for (const auto* parameter : {":active", "?", "?3", "@a", "$a"}) {
    const auto error =
        error_of(file, std::string("SELECT email FROM p WHERE active = ") + parameter);
    EXPECT_EQ(error.code(), "sql.bad_query") << parameter;
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("parameter"));
  }
}

class SqliteFile : public ::testing::Test {
 protected:
  void make(const std::string& more) {
    file =
        database(dir, (more + "CREATE TABLE p (email); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                              "SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO p SELECT 'a' || i "
                              "FROM n")
                          .c_str());
  }
  //! Reads all; `meanwhile` is called behind the first row.
  std::string read(const std::function<void()>& meanwhile) const {
    SqlOptions options;
    options.database = file;
    options.shown_as = "people.db";
    options.query = "SELECT email FROM p";
    VirtualClock clock;
    SqliteSource source(options, clock, {});
    try {
      source.open({"email", {}});
      source.next();
      meanwhile();
      while (source.next()) continue;
      return {};
    } catch (const Error& error) {
      EXPECT_FALSE(error.hint().empty());
      return error.code();
    }
  }

  const TempDir dir;
  std::filesystem::path file;
};

TEST_F(SqliteFile, ThatIsWrittenOverWhileItIsReadIsNoCohort) {
  make("");
  const auto content = testing::read_file(file);
  const auto written = std::filesystem::last_write_time(file);
  EXPECT_EQ(read([&] {
              std::fstream over(file, std::ios::in | std::ios::out | std::ios::binary);
              over << content;
              over.close();
              std::filesystem::last_write_time(file, written);  // as `rsync --times` does
            }),
            "source.changed");
  EXPECT_EQ(read([] {}), "") << "the next reading is whole";
}

TEST_F(SqliteFile, ThatIsReplacedWhileItIsReadIsReadToItsEnd) {
  make("");
  EXPECT_EQ(read([&] {
              std::filesystem::copy_file(file, dir / "new.db");
              std::filesystem::rename(dir / "new.db", file);
            }),
            "");
}

//! A write-ahead log is written into the file while others read.
TEST_F(SqliteFile, WithAWriteAheadLogMayBeWrittenToWhileItIsRead) {
  make("PRAGMA journal_mode = WAL;");
  EXPECT_EQ(
      read([&] { database(dir, "INSERT INTO p VALUES ('late'); PRAGMA wal_checkpoint(PASSIVE)"); }),
      "");
}

TEST(SqliteSource, NamesTheColumnsThatTheQueryGives) {
  const TempDir dir;
  const auto error =
      error_of(database(dir, "CREATE TABLE p (mail)"), "SELECT mail, 1 AS one FROM p");
  EXPECT_EQ(error.code(), "source.missing_column");
  EXPECT_THAT(error.message(), ::testing::HasSubstr("the query gives 'mail', 'one'"));
}

TEST(SqliteSource, RefusesAMissingFileAndMakesNone) {
  const TempDir dir;
  EXPECT_EQ(error_of(dir / "none.db", "SELECT 1 AS email").code(), "source.unreadable");
  EXPECT_FALSE(std::filesystem::exists(dir / "none.db"));
}

TEST(SqliteSource, RefusesAFileThatIsNoDatabase) {
  const TempDir dir;
  const auto file = dir.write("c.db", std::string(4096, 'x'));
  EXPECT_EQ(error_of(file, "SELECT email FROM p").code(), "source.corrupt");
}

TEST(SqliteSource, RefusesBytesThatAreNoText) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (email); INSERT INTO p VALUES (x'ff00')");
  const auto error = error_of(file, "SELECT email FROM p");
  EXPECT_EQ(error.code(), "sql.not_utf8");
  EXPECT_EQ(error.where(), "people.db, row 1");
}

TEST(SqliteSource, AFailureNeverRepeatsWhatARowHolds) {
  const TempDir dir;
  const auto file = database(dir, "CREATE TABLE p (email); INSERT INTO p VALUES ('ada@b.com')");
  const auto error = error_of(file, "SELECT json_extract('{}', email) AS email FROM p");
  EXPECT_EQ(error.code(), "sql.failed");
  EXPECT_THAT(error.message(), ::testing::HasSubstr("SQLite's code is 1"));
  EXPECT_EQ(std::string(error.what()).find("ada"), std::string::npos) << error.what();
}

}  // namespace
}  // namespace muster
