#include "cohort/sqlite_source.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "cohort/encoding.hpp"

namespace muster {
namespace {

constexpr int kStepsBetweenBeats = 100'000;  // of SQLite's machine: some milliseconds
constexpr int kBusyTimeout = 5'000;          // ms

}  // namespace

SqliteSource::SqliteSource(SqlOptions options, const Clock& clock, Waiting waiting)
    : options_(std::move(options)), clock_(clock), waiting_(std::move(waiting)) {}

//! Called by SQLite now and then; not 0 ends the statement.
int SqliteSource::mind(void* self) noexcept {
  auto& source = *static_cast<SqliteSource*>(self);
  try {
    source.waiting_.check();
    return 0;
  } catch (...) {
    source.ended_ = std::current_exception();
    return 1;
  }
}

void SqliteSource::open(const Columns& columns) {
  statement_.reset();
  row_ = 0;
  at_end_ = false;
  as_of_ = clock_.now();
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(file().c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) throw error(code);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyTimeout);
  sqlite3_progress_handler(opened, kStepsBetweenBeats, &mind, this);
  // Else a column that is misspelt in quotes would be a text, and the cohort another.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  begin_snapshot();
  prepare();
  std::vector<std::string> names;
  const int count = sqlite3_column_count(statement_.get());
  for (int i = 0; i < count; ++i) names.emplace_back(sqlite3_column_name(statement_.get(), i));
  places_ =
      find_columns(names, columns, options_.id_column, options_.query_where, NamesFrom::kQuery);
}

std::string SqliteSource::ask(const char* statement) {
  sqlite3_stmt* prepared = nullptr;
  int code = sqlite3_prepare_v2(database_.get(), statement, -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, Closer> owned(prepared);
  if (code == SQLITE_OK) code = sqlite3_step(prepared);
  if (ended_) std::rethrow_exception(std::exchange(ended_, nullptr));
  if (code != SQLITE_ROW && code != SQLITE_DONE) throw error(code);
  if (code == SQLITE_DONE) return {};
  return reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
}

//! From here to the end SQLite writes nothing into the file, but from a write-ahead log: whatever
//! changes it is another program, which knows of no locks, and leaves halves of two cohorts.
void SqliteSource::begin_snapshot() {
  at_open_.reset();
  ask("BEGIN");
  ask("PRAGMA schema_version");  // takes the lock
  if (ask("PRAGMA journal_mode") == "wal") return;
  at_open_ = FileVersion::of(file());
}

//! A file that took its place by a rename is none of ours.
void SqliteSource::check_unchanged() const {
  const auto now = FileVersion::of(file());
  if (!at_open_ || now.inode != at_open_->inode || now == *at_open_) return;
  throw Error(ErrorKind::kFailed, "source.changed", "the file changed while it was read")
      .at(options_.shown_as)
      .with_hint(
          "nothing was sent; write it under another name and rename it when it is whole; then run "
          "again");
}

const std::filesystem::path& SqliteSource::file() const {
  return std::get<std::filesystem::path>(options_.database);
}

//! Whether `text` has blanks and comments alone.
bool SqliteSource::has_no_statement(std::string_view text) const {
  while (!text.empty()) {
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), text.data(), static_cast<int>(text.size()),
                                        &prepared, &rest);
    sqlite3_finalize(prepared);
    if (code != SQLITE_OK || prepared != nullptr) return false;
    const auto used = static_cast<std::size_t>(rest - text.data());
    if (used == 0) return true;
    text.remove_prefix(used);
  }
  return true;
}

void SqliteSource::prepare() {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), options_.query.data(),
                                      static_cast<int>(options_.query.size()), &prepared, &rest);
  statement_.reset(prepared);
  if ((code & 0xff) == SQLITE_ERROR) {
    // SQLite's words are about the query, which is no secret.
    throw Error(ErrorKind::kUsage, "sql.bad_query",
                fmt::format("the query can't be used: {}", sqlite3_errmsg(database_.get())))
        .at(options_.query_where)
        .with_hint(fmt::format("try it: sqlite3 -readonly {} \"…\"", options_.shown_as));
  }
  if (code != SQLITE_OK) throw error(code);
  const auto left = std::string_view(options_.query)
                        .substr(static_cast<std::size_t>(rest - options_.query.data()));
  if (prepared != nullptr && sqlite3_bind_parameter_count(prepared) > 0) {
    const char* name = sqlite3_bind_parameter_name(prepared, 1);
    throw Error(ErrorKind::kUsage, "sql.bad_query",
                fmt::format("the query has a parameter ({}), and nothing gives its value",
                            name == nullptr ? "?" : name))
        .at(options_.query_where)
        .with_hint("write the value into the query; text stands in 'single quotes'");
  }
  const bool one = prepared != nullptr && has_no_statement(left);
  if (one && sqlite3_stmt_readonly(prepared) != 0 && sqlite3_column_count(prepared) > 0) return;
  throw Error(ErrorKind::kUsage, "sql.not_one_query",
              "the query must be one statement that reads, such as SELECT")
      .at(options_.query_where)
      .with_hint("such as SELECT user_id, email FROM people; nothing was sent");
}

std::optional<Member> SqliteSource::next() {
  if (at_end_) return std::nullopt;
  const int code = sqlite3_step(statement_.get());
  if (ended_) std::rethrow_exception(std::exchange(ended_, nullptr));
  if (code == SQLITE_DONE) {
    at_end_ = true;  // one more step would begin anew
    check_unchanged();
    return std::nullopt;
  }
  if (code != SQLITE_ROW) throw error(code);
  ++row_;
  Member member;
  member.line = row_;
  member.identifier = cell(places_.identifier);
  if (places_.source_id) member.source_id = cell(*places_.source_id);
  for (const auto place : places_.properties) member.properties.push_back(cell(place));
  return member;
}

std::string_view SqliteSource::cell(std::size_t place) const {
  const auto column = static_cast<int>(place);
  auto* const statement = statement_.get();
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  if (text == nullptr) return {};
  const std::string_view cell(text,
                              static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
  if (is_utf8(cell)) return cell;
  throw Error(ErrorKind::kFailed, "sql.not_utf8",
              fmt::format("column '{}' has bytes that are not UTF-8",
                          sqlite3_column_name(statement, column)))
      .at(fmt::format("{}, row {}", options_.shown_as, row_))
      .with_hint("give text, as with CAST(column AS TEXT); nothing was sent");
}

//! In SQLite's words for the code alone: those for the statement may repeat what a row holds.
Error SqliteSource::error(int code) const {
  const auto where =
      row_ == 0 ? options_.shown_as : fmt::format("{}, after row {}", options_.shown_as, row_);
  switch (code & 0xff) {
    case SQLITE_CANTOPEN:
      return Error(ErrorKind::kFailed, "source.unreadable", "can't open the SQLite file")
          .at(where)
          .with_hint("check the path in the sync's source and the file's permissions");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Error(ErrorKind::kFailed, "source.corrupt",
                   "the file is damaged, or is no SQLite database")
          .at(where)
          .with_hint("nothing was sent; check it: sqlite3 FILE 'PRAGMA integrity_check'");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorKind::kLater, "source.locked", "another program keeps the file locked")
          .at(where)
          .with_hint("nothing was sent; run again once it is done");
    default:
      return Error(ErrorKind::kFailed, "sql.failed",
                   fmt::format("the query failed: {}; SQLite's code is {}", sqlite3_errstr(code),
                               code))
          .at(where)
          .with_hint(
              "nothing was sent; try the query with sqlite3 (the codes: "
              "https://sqlite.org/rescode.html)");
  }
}

}  // namespace muster
