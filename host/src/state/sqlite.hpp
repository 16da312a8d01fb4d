// RAII over sqlite3, and the one place where its errors become ours. One thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace muster::sqlite {

class Database;

//! A prepared statement; bind, step, read columns, and `reset` (which a Use does).
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, const void* bytes, std::size_t size);
  Statement& bind_null(int index);
  //! True when there is a row.
  bool step();
  //! Steps to the end and resets.
  void run();
  void reset() noexcept;

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

//! Resets a statement at the end of a scope, so that no read lock stays.
class Use {
 public:
  explicit Use(Statement& statement) noexcept : statement_(statement) {}
  ~Use() { statement_.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Statement* operator->() const noexcept { return &statement_; }

 private:
  Statement& statement_;
};

class Database {
 public:
  //! `flags` as of sqlite3_open_v2. Throws Error.
  Database(const std::filesystem::path& file, int flags);
  void execute(const char* sql);
  std::int64_t pragma(const char* name);
  int changes() const noexcept { return sqlite3_changes(database_.get()); }
  std::int64_t last_row() const noexcept { return sqlite3_last_insert_rowid(database_.get()); }
  sqlite3* get() const noexcept { return database_.get(); }
  //! The last error as one of ours: what, where, and what to do.
  Error error(int code) const;
  Error error(int code, const std::string& detail) const;
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  struct Closer {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  };
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace muster::sqlite
