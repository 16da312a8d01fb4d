#include "cohort/postgres_source.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <future>
#include <memory>
#include <thread>

#include "base/text.hpp"
#include "cohort/encoding.hpp"
#include "cohort/postgres_hosts.hpp"

namespace muster {
namespace {

constexpr std::chrono::seconds kCancelTime{2};
constexpr std::chrono::seconds kConnectTime{30};
constexpr int kSlice = 200;  // ms: how late a signal may be noticed
constexpr const char* kBegin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr const char* kFetch = "FETCH FORWARD 5000 FROM muster_cohort";
constexpr const char* kCommit = "COMMIT";
constexpr Milliseconds kFirstPause{1'000};
// PostgreSQL's documentation, appendix A.
constexpr std::string_view kProtocolViolation = "08P01";
constexpr std::string_view kQueryCanceled = "57014";
constexpr std::string_view kIdleInTransactionTimeout = "25P03";

std::string trimmed(std::string_view query) {
  const auto end = query.find_last_not_of(" \t\r\n;");
  return std::string(query.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

std::string_view sql_state(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string_view{} : state;
}

//! What stands outside of double quotes, with single spaces.
std::string without_quoted(std::string_view text) {
  std::string rest;
  bool inside = false;
  for (const char c : text) {
    if (c == '"') inside = !inside;
    const bool doubled = c == ' ' && rest.ends_with(' ');
    if (!inside && c != '"' && !doubled) rest += c;
  }
  return rest;
}

//! The server or the way to it broke, rather than the query: connection exceptions, shutdown,
//! a standby's conflict with its primary (PostgreSQL's documentation, appendix A).
bool is_lost(std::string_view state) {
  const bool is_connection = state.starts_with("08") && state != kProtocolViolation;
  return state.empty() || is_connection || state.starts_with("57P") || state == "40001";
}

//! The code with which the server refused the connection, as PQERRORS_VERBOSE has it: libpq tells
//! it nowhere else. "FATAL: 28P01: …", in whatever language; of several tries the last. Empty where
//! the server said nothing.
std::string refusal_state(const std::string& told) {
  constexpr std::size_t kLength = 5;
  std::string state;
  for (auto at = told.find(": "); at != told.npos; at = told.find(": ", at + 1)) {
    const auto code = told.substr(at + 2, kLength);
    const bool is_code =
        code.size() == kLength && told.compare(at + 2 + kLength, 2, ": ") == 0 &&
        code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == code.npos;
    if (is_code) state = code;
  }
  return state;
}

//! As the URL says (`connect_timeout`, whole seconds), else 30 s.
Milliseconds connect_timeout(PGconn* connection) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection),
                                                                             &PQconninfoFree);
  int seconds = 0;
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    if (std::string_view(option->keyword) != "connect_timeout" || option->val == nullptr) continue;
    const std::string_view text(option->val);
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  return seconds > 0 ? std::chrono::seconds(seconds) : kConnectTime;
}

//! A server took the connection, or its network the packets, and nothing came back in time.
struct SaysNothing {};

//! Which of the URL's addresses is being asked.
std::string address_of(const PGconn* connection) {
  const auto text = [](const char* told) { return told == nullptr ? "" : told; };
  return fmt::format("{} {} {}", text(PQhost(connection)), text(PQhostaddr(connection)),
                     text(PQport(connection)));
}

}  // namespace

PostgresSource::PostgresSource(SqlOptions options, Clock& clock, Waiting waiting)
    : options_(std::move(options)), clock_(clock), waiting_(std::move(waiting)) {}

std::string PostgresSource::where() const {
  return row_ == 0 ? options_.shown_as : fmt::format("{}, after row {}", options_.shown_as, row_);
}

void PostgresSource::open(const Columns& columns) {
  page_.reset();
  row_ = 0;
  at_end_ = false;
  if (opened_ > 0) waiting_.sleep(clock_, kFirstPause * (1 << (2 * (opened_ - 1))));
  ++opened_;
  connect(std::get<SecretReference>(options_.database).resolve());
  as_of_ = clock_.now();
  ask(kBegin);
  ask(("DECLARE muster_cohort NO SCROLL CURSOR FOR " + trimmed(options_.query)).c_str());
  fetch();
  std::vector<std::string> names;
  for (int i = 0; i < PQnfields(page_.get()); ++i) names.emplace_back(PQfname(page_.get(), i));
  places_ =
      find_columns(names, columns, options_.id_column, options_.query_where, NamesFrom::kQuery);
}

void PostgresSource::connect(const std::string& url) {
  const bool is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
  PQconninfoOption* parsed = is_url ? PQconninfoParse(url.c_str(), nullptr) : nullptr;
  if (parsed == nullptr) {
    // libpq's words would repeat a part of it, which may be the password.
    throw Error(ErrorKind::kUsage, "sql.bad_url", "the database's URL can't be read")
        .at(std::get<SecretReference>(options_.database).where)
        .with_hint(
            "it must be like postgresql://user:password@host/database?sslmode=verify-full, with "
            "@, : and / of the password written as %40, %3A and %2F");
  }
  PostgresHosts hosts(parsed);
  PQconninfoFree(parsed);
  for (;;) {
    try {
      return connect(url, hosts);
    } catch (const SaysNothing&) {
      hosts.leave_behind(connection_.get());
      if (hosts.empty()) fail_to_connect();
    }
  }
}

void PostgresSource::connect(const std::string& url, const PostgresHosts& hosts) {
  const auto names = hosts.names();
  const auto addresses = hosts.addresses();
  const auto ports = hosts.ports();
  const std::array<const char*, 8> keys{"dbname",
                                        "client_encoding",
                                        "application_name",
                                        "keepalives_idle",
                                        "host",
                                        "hostaddr",
                                        "port",
                                        nullptr};
  const std::array<const char*, 8> values{url.c_str(),   "UTF8",        "muster",
                                          "60",          names.c_str(), addresses.c_str(),
                                          ports.c_str(), nullptr};
  connection_.reset(PQconnectStartParams(keys.data(), values.data(), 1));
  if (!connection_) throw std::bad_alloc();
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  // A database's notices would go to standard error, and may repeat what a row holds.
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  if (PQstatus(connection_.get()) == CONNECTION_BAD) fail_to_connect();
  // Polling knows of no time limit: a server that takes the connection and says nothing would be
  // waited for without end. Each address has the whole time, as where libpq waits itself.
  const auto timeout = connect_timeout(connection_.get());
  auto asked = address_of(connection_.get());
  auto deadline = clock_.elapsed() + timeout;
  const auto check = [&] {
    if (clock_.elapsed() >= deadline) throw SaysNothing{};
  };
  for (auto step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK;) {
    wait_for(step == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, check);
    step = PQconnectPoll(connection_.get());
    if (step == PGRES_POLLING_FAILED) fail_to_connect();
    if (auto now = address_of(connection_.get()); now != asked) {
      asked = std::move(now);
      deadline = clock_.elapsed() + timeout;
    }
  }
}

//! While a lost server comes back, it can't be reached for a moment.
void PostgresSource::fail_to_connect() const {
  auto error = not_connected();
  if (opened_ > 1 && error.kind() == ErrorKind::kLater) throw SourceLost(std::move(error));
  throw error;
}

void PostgresSource::wait_for(short events, const std::function<void()>& check) {
  pollfd polled{PQsocket(connection_.get()), events, 0};
  do {
    waiting_.check();
    if (check) check();
  } while (::poll(&polled, 1, kSlice) == 0);
}

void PostgresSource::wait_for_answer() {
  try {
    while (PQisBusy(connection_.get()) == 1) {
      wait_for(POLLIN);
      if (PQconsumeInput(connection_.get()) == 0) return;
    }
  } catch (...) {
    cancel();
    throw;
  }
}

//! Else the server would go on with a query whose answer nobody takes. libpq waits for as long as
//! the network lets it: a thread of its own does, and is left alone when that takes too long.
void PostgresSource::cancel() noexcept {
  try {
    const std::shared_ptr<PGcancel> handle(PQgetCancel(connection_.get()), &PQfreeCancel);
    if (!handle) return;
    std::packaged_task<void()> request([handle] {
      std::array<char, 256> ignored{};
      PQcancel(handle.get(), ignored.data(), static_cast<int>(ignored.size()));
    });
    auto done = request.get_future();
    std::thread(std::move(request)).detach();
    done.wait_for(kCancelTime);
  } catch (const std::exception&) {
    // No thread or memory is left; the connection ends all the same.
  }
}

//! The answer to one statement. The extended protocol takes no second one behind it.
PostgresSource::Result PostgresSource::ask(const char* statement) {
  auto* const connection = connection_.get();
  Result last;
  if (PQsendQueryParams(connection, statement, 0, nullptr, nullptr, nullptr, nullptr, 0) == 1) {
    for (;;) {
      wait_for_answer();
      Result result(PQgetResult(connection));
      if (!result) break;
      last = std::move(result);
    }
  }
  const auto status = last ? PQresultStatus(last.get()) : PGRES_FATAL_ERROR;
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return last;
  const bool was_ended = last && sql_state(last.get()) == kIdleInTransactionTimeout;
  const bool is_cut = !last || PQstatus(connection) == CONNECTION_BAD;
  if (!was_ended && (is_cut || is_lost(sql_state(last.get())))) {
    throw SourceLost(Error(ErrorKind::kLater, "sql.lost", "the connection to the database was lost")
                         .at(where())
                         .with_hint("nothing was sent; run again later"));
  }
  throw refused(last.get(), statement == kFetch);
}

void PostgresSource::fetch() {
  page_ = ask(kFetch);
  at_ = 0;
}

std::optional<Member> PostgresSource::next() {
  if (at_end_) return std::nullopt;
  if (at_ == PQntuples(page_.get())) {
    if (at_ > 0) fetch();
    if (PQntuples(page_.get()) == 0) {
      ask(kCommit);
      at_end_ = true;
      return std::nullopt;
    }
  }
  ++row_;
  Member member;
  member.line = row_;
  member.identifier = cell(places_.identifier);
  if (places_.source_id) member.source_id = cell(*places_.source_id);
  for (const auto place : places_.properties) member.properties.push_back(cell(place));
  ++at_;
  return member;
}

std::string_view PostgresSource::cell(std::size_t place) const {
  const auto column = static_cast<int>(place);
  const std::string_view cell(PQgetvalue(page_.get(), at_, column),
                              static_cast<std::size_t>(PQgetlength(page_.get(), at_, column)));
  if (is_utf8(cell)) return cell;
  throw Error(ErrorKind::kFailed, "sql.not_utf8",
              fmt::format("column '{}' has bytes that are not UTF-8", PQfname(page_.get(), column)))
      .at(where())
      .with_hint("the database's encoding lets any bytes in (SQL_ASCII); nothing was sent");
}

//! The server's words are told where they are about the query: others, and any while rows are read,
//! may repeat what a row holds.
Error PostgresSource::refused(PGresult* result, bool reading) const {
  const auto state = sql_state(result);
  if (state == kProtocolViolation) {  // and the connection stands: its parameters have no values
    return Error(ErrorKind::kUsage, "sql.bad_query",
                 "the query has a parameter ($1), and nothing gives its value")
        .at(options_.query_where)
        .with_hint("write the value into the query");
  }
  if (state == kQueryCanceled) {
    return Error(ErrorKind::kFailed, "sql.query_canceled",
                 "the server ended the query: it took too long, or somebody canceled it")
        .at(where())
        .with_hint(
            "nothing was sent; raise statement_timeout for the database's user, or make "
            "the query faster");
  }
  if (state == kIdleInTransactionTimeout) {
    return Error(ErrorKind::kFailed, "sql.session_ended",
                 "the server ended the session, which had asked nothing for a while")
        .at(where())
        .with_hint(
            "nothing was sent; raise idle_in_transaction_session_timeout for the "
            "database's user");
  }
  if (state.starts_with("42") || state.starts_with("0A") || state == "25006") {
    const bool denied = state == "42501";
    return Error(ErrorKind::kUsage, denied ? "sql.not_allowed" : "sql.bad_query",
                 fmt::format("the query can't be used: {}",
                             reading ? fmt::format("the server's code is {}", state)
                                     : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)))
        .at(options_.query_where)
        .with_hint(denied ? "grant the database's user SELECT on what the query reads"
                          : "it must be one SELECT; try it with psql");
  }
  return Error(ErrorKind::kFailed, "sql.failed",
               fmt::format("the query failed; the server's code is {}", state))
      .at(where())
      .with_hint(
          "nothing was sent; try the query with psql (the codes: appendix A of PostgreSQL's "
          "documentation)");
}

//! libpq's words may repeat parts of the URL: they are read, not shown. Names of hosts, sockets,
//! users and databases stand in quotes, and say nothing of the cause.
Error PostgresSource::not_connected() const {
  const auto told = without_quoted(PQerrorMessage(connection_.get()));
  const auto says = [&](std::string_view words) { return told.find(words) != told.npos; };
  const auto error = [&](ErrorKind kind, const char* code, const char* message, const char* hint) {
    return Error(kind, code, message).at(options_.shown_as).with_hint(hint);
  };
  // Appendix A of PostgreSQL's documentation: the words are in the server's language.
  const auto state = refusal_state(told);
  if (state == "53300") {
    return error(ErrorKind::kLater, "sql.too_many_connections",
                 "the database takes no more connections of this user now",
                 "end other sessions, or raise the role's or the server's connection limit; then "
                 "run again");
  }
  const bool is_libpqs = state.empty() && (says("password") || says("authentication"));
  if (state.starts_with("28") || PQconnectionNeedsPassword(connection_.get()) == 1 || is_libpqs) {
    return error(ErrorKind::kFailed, "sql.not_authenticated",
                 "the database refused the user or the password of its URL",
                 "check both, and the server's pg_hba.conf");
  }
  // A network's words, or OpenSSL's for a connection that ended: neither is about what TLS asks.
  const bool cut = says("SSL SYSCALL error") || says("unexpected eof while reading");
  if (state.empty() && cut && !says("certificate")) {
    return error(ErrorKind::kLater, "sql.lost",
                 "the connection to the database was cut while TLS was being agreed",
                 "nothing was sent; run again later; if it stays so, the server, or what is before "
                 "it, may not take this TLS: check sslmode of the URL");
  }
  if (state.empty() && (says("SSL") || says("certificate"))) {
    return error(ErrorKind::kFailed, "sql.tls",
                 "TLS could not be agreed with the database as its URL asks",
                 "check sslmode and sslrootcert of the URL, and the server's certificate");
  }
  if (state == "3D000") {
    return error(ErrorKind::kFailed, "sql.no_database", "the server has no database of that name",
                 "check the name at the end of the URL's path");
  }
  if (says("translate host name")) {
    return error(ErrorKind::kFailed, "sql.unknown_host", "the database's host is not known",
                 "check the URL's host; @, : and / of the password must be written as %40, %3A "
                 "and %2F");
  }
  return error(ErrorKind::kLater, "sql.unreachable", "the database can't be reached",
               "check the URL's host and port, and that the server runs; then run again");
}

}  // namespace muster
