// Sources of files, for the suite that every source must pass.
#pragma once

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "cohort/csv_source.hpp"
#include "cohort/jsonl_source.hpp"
#include "cohort/source_suite.hpp"
#include "cohort/sqlite_source.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

//! With another `flush` than Z_FINISH: as a stream that has this text so far.
inline std::string gzipped(const std::string& text, int flush = Z_FINISH) {
  std::string packed(text.size() + 100, '\0');
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, flush);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

inline std::string quoted(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) {
    text += c;
    if (c == '"') text += c;
  }
  return text + '"';
}

inline std::string csv_of(const std::vector<Person>& people) {
  std::string text = "user_id,email,plan\r\n";
  for (const auto& person : people) {
    text +=
        quoted(person.user_id) + ',' + quoted(person.email) + ',' + quoted(person.plan) + "\r\n";
  }
  return text;
}

class CsvKind : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    return source_of(dir_.write("c.csv", packed(csv_of(people))), std::move(waiting));
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    const auto whole = packed(csv_of(people));
    // Within a quoted cell, or within the packed stream.
    return source_of(dir_.write("c.csv", whole.substr(0, whole.size() / 2 / 10 * 10)), {});
  }
  std::unique_ptr<Source> keeping_waiting(Waiting waiting) override {
    const auto pipe = dir_ / "pipe";
    if (::mkfifo(pipe.c_str(), 0600) != 0) throw std::runtime_error("can't make a pipe");
    return source_of(pipe, std::move(waiting));
  }
  std::unique_ptr<Source> being_odd() override {
    const auto rows = csv_of(many_people(3)) + "too,few\r\nu9,p9@example.com,pro,too,many\r\n";
    return source_of(dir_.write("c.csv", packed(rows)), {});
  }
  std::unique_ptr<Source> being_ambiguous() override {
    return source_of(dir_.write("c.csv", packed("user_id,E-mail,e_mail\nu1,a@b.com,b@b.com\n")),
                     {});
  }

 protected:
  virtual std::string packed(const std::string& text) { return text; }
  static std::unique_ptr<Source> source_of(const std::filesystem::path& file, Waiting waiting) {
    CsvOptions options;
    options.pattern = file;
    return std::make_unique<CsvSource>(std::move(options), std::move(waiting));
  }
  TempDir dir_;
};

class GzipKind final : public CsvKind {
 public:
  std::unique_ptr<Source> breaking_off_between_rows(const std::vector<Person>& people) override {
    const auto half = people.begin() + static_cast<std::ptrdiff_t>(people.size() / 2);
    const auto file = dir_.write("c.csv", gzipped(csv_of({people.begin(), half}), Z_FULL_FLUSH));
    return source_of(file, {});
  }

 private:
  std::string packed(const std::string& text) override { return gzipped(text); }
};

class JsonlKind final : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    return source_of(dir_.write("c.jsonl", jsonl_of(people)), std::move(waiting));
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    const auto whole = jsonl_of(people);
    const auto middle = whole.find("@example", whole.size() / 2);
    return source_of(dir_.write("c.jsonl", whole.substr(0, middle)), {});
  }
  std::unique_ptr<Source> being_ambiguous() override {
    const auto* line = R"({"user_id":"u1","E-mail":"a@b.com","e_mail":"b@b.com"})";
    return source_of(dir_.write("c.jsonl", line), {});
  }
  std::unique_ptr<Source> keeping_waiting(Waiting waiting) override {
    const auto pipe = dir_ / "pipe";
    if (::mkfifo(pipe.c_str(), 0600) != 0) throw std::runtime_error("can't make a pipe");
    return source_of(pipe, std::move(waiting));
  }

 private:
  static std::string jsonl_of(const std::vector<Person>& people) {
    std::string text;
    for (const auto& person : people) {
      boost::json::object object{{"email", person.email}, {"plan", person.plan}};
      // Absent, null and empty mean the same.
      if (!person.user_id.empty()) object["user_id"] = person.user_id;
      if (person.email.empty()) object["email"] = nullptr;
      text += boost::json::serialize(object) + '\n';
    }
    return text;
  }
  static std::unique_ptr<Source> source_of(const std::filesystem::path& file, Waiting waiting) {
    JsonlOptions options;
    options.pattern = file;
    return std::make_unique<JsonlSource>(std::move(options), std::move(waiting));
  }
  TempDir dir_;
};

class SqliteKind final : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    fill(people);
    return source_of("SELECT user_id, email, plan FROM person ORDER BY rowid", std::move(waiting));
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    return breaking_off_between_rows(people);
  }
  std::unique_ptr<Source> breaking_off_between_rows(const std::vector<Person>& people) override {
    fill(people);
    return source_of(
        "SELECT user_id, email, CASE WHEN rowid > 20000 THEN abs(-9223372036854775807 - 1) ELSE "
        "plan END AS plan FROM person ORDER BY rowid",
        {});
  }
  std::unique_ptr<Source> keeping_waiting(Waiting waiting) override {
    fill({});
    return source_of(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT '' AS email, '' AS "
        "plan FROM n WHERE i < 0",
        std::move(waiting));
  }

 private:
  void fill(const std::vector<Person>& people) {
    std::filesystem::remove(dir_ / "c.db");
    sqlite3* database = nullptr;
    sqlite3_open((dir_ / "c.db").c_str(), &database);
    sqlite3_exec(database, "CREATE TABLE person (user_id, email, plan); BEGIN", nullptr, nullptr,
                 nullptr);
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO person VALUES (?, nullif(?, ''), ?)", -1, &insert,
                       nullptr);
    for (const auto& person : people) {
      int column = 0;
      for (const auto* text : {&person.user_id, &person.email, &person.plan}) {
        sqlite3_bind_text(insert, ++column, text->data(), static_cast<int>(text->size()),
                          SQLITE_STATIC);
      }
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr);
    sqlite3_close(database);
  }
  std::unique_ptr<Source> source_of(const std::string& query, Waiting waiting) {
    SqlOptions options;
    options.database = dir_ / "c.db";
    options.shown_as = "c.db";
    options.query = query;
    options.query_where = "muster.yaml:1:1";
    return std::make_unique<SqliteSource>(std::move(options), clock_, std::move(waiting));
  }
  TempDir dir_;
  SystemClock clock_;
};

template <class Kind>
SourceKindUnderTest kind(const char* name) {
  return {name, [] { return std::make_unique<Kind>(); }};
}

inline std::string name_of_kind(const ::testing::TestParamInfo<SourceKindUnderTest>& tested) {
  return tested.param.name;
}

}  // namespace muster::testing
