// A cohort in a SQLite file, which is opened for reading alone: one statement, which reads one
// state of the file from its beginning to its end.
#pragma once

#include <sqlite3.h>

#include <exception>
#include <functional>
#include <memory>

#include "cohort/file_version.hpp"
#include "cohort/header.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"
#include "cohort/sql_options.hpp"

namespace muster {

class SqliteSource final : public Source {
 public:
  //! `options.database` is a path.
  SqliteSource(SqlOptions options, const Clock& clock, Waiting waiting);
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override { return {row_, 0}; }
  std::vector<SourceNotice> notices() const override { return {}; }
  //! When the query began.
  std::optional<Instant> as_of() const override { return as_of_; }
  void set_heartbeat(std::function<void()> beat) override { waiting_.heartbeat = std::move(beat); }

 private:
  struct Closer {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  static int mind(void* self) noexcept;
  //! The first cell of what a statement of ours gives.
  std::string ask(const char* statement);
  void prepare();
  void begin_snapshot();
  const std::filesystem::path& file() const;
  void check_unchanged() const;
  bool has_no_statement(std::string_view text) const;
  std::string_view cell(std::size_t place) const;
  Error error(int code) const;

  SqlOptions options_;
  const Clock& clock_;
  Waiting waiting_;
  std::exception_ptr ended_;  //!< what the wait threw, to be thrown outside of SQLite
  std::unique_ptr<sqlite3, Closer> database_;
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
  ColumnPlaces places_;
  std::optional<Instant> as_of_;
  std::uint64_t row_ = 0;
  bool at_end_ = false;
  std::optional<FileVersion> at_open_;  //!< of the file, where nothing may write to it
};

}  // namespace muster
