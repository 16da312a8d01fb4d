#include "state/sqlite.hpp"

#include <cerrno>
#include <cstring>
#include <optional>

namespace muster::sqlite {
namespace {

constexpr int kBusyTimeout = 5'000;  // ms: longer than any transaction of ours

struct Explanation {
  ErrorKind kind;
  const char* code;
  const char* message;
  const char* hint;
};

constexpr Explanation kDiskFull = {ErrorKind::kFailed, "state.disk_full",
                                   "the disk is full; the state is as it was",
                                   "free some space, then run again: nothing is lost"};
constexpr Explanation kReadOnly = {
    ErrorKind::kFailed, "state.read_only", "the state file can't be written",
    "check the permissions of the file and its directory, and that the disk is writable"};

//! What the system said, where SQLite says no more than that a call of it failed.
std::optional<Explanation> explain_system(int system_error) {
  switch (system_error) {
    case ENOSPC:
    case EDQUOT:
      return kDiskFull;
    case EROFS:
    case EACCES:
    case EPERM:
      return kReadOnly;
    default:
      return std::nullopt;
  }
}

Explanation explain(int code, int system_error) {
  if (const auto told = explain_system(system_error)) return *told;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::kLater, "state.locked", "another program keeps the state file locked",
              "wait for it to end, or find it with `fuser`, then run again"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::kFailed, "state.corrupt", "the state file is damaged",
              "nothing was changed; restore it from a backup, or move it away, connect again and "
              "run `muster sync --full`"};
    case SQLITE_FULL:
      return kDiskFull;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return kReadOnly;
    case SQLITE_CANTOPEN:
      return {ErrorKind::kFailed, "state.cannot_open", "the state file can't be opened",
              "check that the directory exists and is yours"};
    case SQLITE_NOMEM:
      return {ErrorKind::kFailed, "state.out_of_memory", "out of memory while using the state",
              "free some memory, then run again"};
    default:
      return {ErrorKind::kFailed, "state.io", "the state file could not be read or written",
              "check the disk, then run again: nothing is lost"};
  }
}

}  // namespace

Database::Database(const std::filesystem::path& file, int flags) : file_(file) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) throw error(code);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyTimeout);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw error(code);
}

std::int64_t Database::pragma(const char* name) {
  Statement statement(*this, std::string("PRAGMA ") + name);
  return statement.step() ? statement.integer(0) : 0;
}

Error Database::error(int code) const {
  return error(code, database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code));
}

Error Database::error(int code, const std::string& detail) const {
  // Of an older failure, where the system had no part in this one.
  const bool is_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const int system_error = is_system && database_ ? sqlite3_system_errno(database_.get()) : 0;
  const auto explanation = explain(code, system_error);
  const auto system =
      system_error == 0 ? std::string() : std::string("; ") + std::strerror(system_error);
  return Error(explanation.kind, explanation.code,
               std::string(explanation.message) + " (SQLite: " + detail + system + ")")
      .with_hint(explanation.hint)
      .at(file_.string());
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(database.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) throw database.error(code);
  statement_.reset(prepared);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A view without data binds the empty text, never NULL.
  sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, const void* bytes, std::size_t size) {
  sqlite3_bind_blob64(statement_.get(), index, bytes, size, SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = database_->error(code);
  reset();
  throw error;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const { return std::string(blob(column)); }

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return size == 0 ? std::string_view{} : std::string_view{bytes, size};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

}  // namespace muster::sqlite
