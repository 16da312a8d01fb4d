// A cohort in a PostgreSQL database: one query through a cursor of the server, in a transaction
// that reads one state of the database and can't write. A lost connection is told as SourceLost.
#pragma once

#include <libpq-fe.h>

#include <functional>
#include <memory>

#include "cohort/header.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"
#include "cohort/sql_options.hpp"

namespace muster {

class PostgresHosts;

class PostgresSource final : public Source {
 public:
  //! `options.database` is a reference to the URL.
  PostgresSource(SqlOptions options, Clock& clock, Waiting waiting);
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override { return {row_, 0}; }
  std::vector<SourceNotice> notices() const override { return {}; }
  //! When the transaction began.
  std::optional<Instant> as_of() const override { return as_of_; }
  void set_heartbeat(std::function<void()> beat) override { waiting_.heartbeat = std::move(beat); }

 private:
  struct Closer {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Closer>;

  void connect(const std::string& url);
  void connect(const std::string& url, const PostgresHosts& hosts);
  [[noreturn]] void fail_to_connect() const;
  //! `check` is called now and then meanwhile; what it throws ends the waiting.
  void wait_for(short events, const std::function<void()>& check = {});
  void wait_for_answer();
  void cancel() noexcept;
  Result ask(const char* statement);
  void fetch();
  std::string_view cell(std::size_t place) const;
  Error refused(PGresult* result, bool reading) const;
  Error not_connected() const;
  std::string where() const;

  SqlOptions options_;
  Clock& clock_;
  Waiting waiting_;
  int opened_ = 0;  //!< how often
  std::unique_ptr<PGconn, Closer> connection_;
  Result page_;
  int at_ = 0;  //!< the next row of the page
  ColumnPlaces places_;
  std::optional<Instant> as_of_;
  std::uint64_t row_ = 0;
  bool at_end_ = false;
};

}  // namespace muster
