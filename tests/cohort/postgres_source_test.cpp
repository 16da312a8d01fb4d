// PostgreSQL as a source, against a real server: the suite of every source, and what is its own.
#include "cohort/postgres_source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "base/log.hpp"
#include "cohort/file_kinds.hpp"
#include "plan/cohort_index.hpp"
#include "plan/support.hpp"
#include "support/postgres_server.hpp"

namespace muster::testing {
namespace {

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

SqlOptions options_for(const std::string& url, const std::string& query) {
  static TempDir dir;
  SecretReference reference;
  reference.kind = SecretReference::Kind::kFile;
  reference.name = dir.write("url", url + "\n");
  reference.where = "muster.yaml:6:12";
  SqlOptions options;
  options.database = reference;
  options.shown_as = "the database of DATABASE_URL";
  options.query = query;
  options.query_where = "muster.yaml:7:9";
  return options;
}

std::unique_ptr<PostgresSource> source_of(const std::string& query, Waiting waiting = {}) {
  static VirtualClock clock;
  return std::make_unique<PostgresSource>(options_for(server().url(), query), clock,
                                          std::move(waiting));
}

void fill(const std::vector<Person>& people) {
  std::string sql =
      "DROP TABLE IF EXISTS person; CREATE TABLE person (n serial, user_id text, email text, plan "
      "text); INSERT INTO person (user_id, email, plan) VALUES (NULL, NULL, NULL)";
  const auto text = [](const std::string& cell) {
    std::string literal = "'";
    for (const char c : cell) literal += c == '\'' ? std::string("''") : std::string(1, c);
    return literal + "'";
  };
  for (const auto& person : people) {
    sql += ", (" + text(person.user_id) + ", NULLIF(" + text(person.email) + ", ''), " +
           text(person.plan) + ")";
  }
  server().execute(sql + "; DELETE FROM person WHERE n = 1");
}

class PostgresKind final : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    fill(people);
    return source_of("SELECT user_id, email, plan FROM person ORDER BY n;", std::move(waiting));
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    return breaking_off_between_rows(people);
  }
  std::unique_ptr<Source> breaking_off_between_rows(const std::vector<Person>& people) override {
    fill(people);
    return source_of(
        "SELECT user_id, email, CASE WHEN n > 20000 THEN email::int::text ELSE plan END AS plan "
        "FROM person ORDER BY n");
  }
  std::unique_ptr<Source> keeping_waiting(Waiting waiting) override {
    return source_of("SELECT '' AS email, '' AS plan FROM pg_sleep(3600)", std::move(waiting));
  }
};

INSTANTIATE_TEST_SUITE_P(Database, EverySource, ::testing::Values(kind<PostgresKind>("Postgres")),
                         name_of_kind);

Error error_of(SqlOptions options) {
  VirtualClock clock;
  PostgresSource source(std::move(options), clock, {});
  try {
    source.open({"email", {}});
    while (source.next()) {
    }
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused";
  return {ErrorKind::kFailed, "", ""};
}

TEST(PostgresSource, CanNotWrite) {
  server().execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept (email text)");
  server().execute(
      "CREATE OR REPLACE FUNCTION sneak() RETURNS text LANGUAGE sql AS $$ INSERT INTO kept VALUES "
      "('x') RETURNING email $$");
  for (const auto* query :
       {"SELECT sneak() AS email", "INSERT INTO kept VALUES ('x') RETURNING email",
        "SELECT 1 AS email; INSERT INTO kept VALUES ('x')",
        "SELECT email FROM kept; COMMIT; INSERT INTO kept VALUES ('x')"}) {
    EXPECT_EQ(error_of(options_for(server().url(), query)).code(), "sql.bad_query") << query;
  }
  server().execute("DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 0; END $$");
}

TEST(PostgresSource, EachFailureToConnectHasItsOwnWords) {
  server().execute("DROP ROLE IF EXISTS locked; CREATE ROLE locked NOLOGIN");
  server().execute("DROP ROLE IF EXISTS full_up; CREATE ROLE full_up LOGIN CONNECTION LIMIT 0");
  auto no_slot = server().url();
  no_slot.replace(no_slot.find("user=muster"), 11, "user=full_up");
  auto no_role = server().url();
  no_role.replace(no_role.find("user=muster"), 11, "user=nobody_of_that_name");
  auto no_database = server().url("nothing_of_that_name");
  const struct {
    std::string url;
    const char* code;
  } cases[] = {
      {no_role, "sql.not_authenticated"},
      {no_slot, "sql.too_many_connections"},
      {no_database, "sql.no_database"},
      {server().tcp_url("sslmode=verify-full&sslrootcert=/nonexistent"), "sql.tls"},
      {"postgresql://u:secret-pa55@127.0.0.1:1/db", "sql.unreachable"},
      {"postgresql://u:secret-pa55@host-that-is.invalid/db", "sql.unknown_host"},
      {"postgresql://u:secret-pa55%zz@127.0.0.1/db", "sql.bad_url"},
      // What stands in a name is no cause.
      {"postgresql://u:secret-pa55@password-of-ssl.invalid/db", "sql.unknown_host"},
      {"postgresql:///db?host=/nonexistent/role-certificate", "sql.unreachable"},
      {server().url("the_password_of_a_role"), "sql.no_database"},
      {"mysql://u:secret-pa55@127.0.0.1/db", "sql.bad_url"},
  };
  for (const auto& failing : cases) {
    const auto error = error_of(options_for(failing.url, "SELECT 1 AS email"));
    EXPECT_EQ(error.code(), failing.code) << error.what();
    EXPECT_FALSE(error.hint().empty());
    EXPECT_EQ(std::string(error.what()).find("pa55"), std::string::npos) << error.what();
  }
}

TEST(PostgresSource, SpeaksTlsAsTheUrlAsks) {
  const auto url =
      server().tcp_url("sslmode=verify-full&sslrootcert=" + server().certificate().string());
  VirtualClock clock;
  PostgresSource source(
      options_for(url, "SELECT ssl::text AS email FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
      clock, {});
  source.open({"email", {}});
  const auto member = source.next();
  ASSERT_TRUE(member);
  EXPECT_EQ(member->identifier, "true");
}

TEST(PostgresSource, ACancelledRunEndsTheQueryAtTheServer) {
  Cancellation cancellation;
  Waiting waiting;
  waiting.cancellation = &cancellation;
  int beats = 0;
  waiting.heartbeat = [&] {
    if (++beats == 4) cancellation.request();
  };
  const auto source =
      source_of("SELECT '' AS email, '' AS plan FROM pg_sleep(3600)", std::move(waiting));
  EXPECT_THROW(source->open({"email", {"plan"}}), Error);
  server().execute(
      "DO $$ BEGIN FOR i IN 1..200 LOOP PERFORM pg_stat_clear_snapshot(); IF NOT EXISTS (SELECT "
      "FROM pg_stat_activity WHERE application_name = 'muster' AND state = 'active') THEN RETURN; "
      "END IF; PERFORM pg_sleep(0.05); END LOOP; RAISE EXCEPTION 'the query goes on'; END $$");
}

TEST(PostgresSource, IsAsOldAsItsTransaction) {
  fill(many_people(3));
  VirtualClock clock;
  PostgresSource source(options_for(server().url(), "SELECT email FROM person"), clock, {});
  const auto began = clock.now();
  source.open({"email", {}});
  while (source.next()) clock.advance(std::chrono::minutes(5));
  EXPECT_EQ(source.as_of(), began);
}

TEST(PostgresSource, TellsWhatIsWrongWithTheQuery) {
  const auto error = error_of(options_for(server().url(), "SELECT emial FROM pg_class"));
  EXPECT_EQ(error.code(), "sql.bad_query");
  EXPECT_EQ(error.where(), "muster.yaml:7:9");
  EXPECT_THAT(error.message(), ::testing::HasSubstr("emial"));
}

TEST(PostgresSource, AParameterWithoutAValueIsRefused) {
  const auto error = error_of(options_for(server().url(), "SELECT $1::text AS email"));
  EXPECT_EQ(error.code(), "sql.bad_query");
  EXPECT_EQ(error.where(), "muster.yaml:7:9");
  EXPECT_THAT(error.message(), ::testing::HasSubstr("parameter"));
}

TEST(PostgresSource, AQueryThatTakesTooLongIsToldAsSuch) {
  const auto error =
      error_of(options_for(server().tcp_url("sslmode=disable&options=-c%20statement_timeout%3D20"),
                           "SELECT pg_sleep(60)::text AS email"));
  EXPECT_EQ(error.code(), "sql.query_canceled");
  EXPECT_THAT(error.hint(), ::testing::HasSubstr("statement_timeout"));
}

TEST(PostgresSource, RepeatsNoValueOfARow) {
  const auto error = error_of(options_for(server().url(),
                                          "SELECT email::regclass::text AS email FROM (VALUES "
                                          "('secret.person@example.com')) AS people(email)"));
  EXPECT_THAT(error.message(), ::testing::Not(::testing::HasSubstr("person")));
}

TEST(PostgresSource, SaysThatAColumnMayNotBeRead) {
  server().execute(
      "DROP TABLE IF EXISTS hidden; CREATE TABLE hidden (email text); DROP ROLE IF EXISTS guest; "
      "CREATE ROLE guest LOGIN");
  auto url = server().url();
  url.replace(url.find("user=muster"), 11, "user=guest");
  EXPECT_EQ(error_of(options_for(url, "SELECT email FROM hidden")).code(), "sql.not_allowed");
}

TEST(PostgresSource, ReadsOneStateOfTheDatabase) {
  fill(many_people(12'000));
  const auto source = source_of("SELECT user_id, email, plan FROM person ORDER BY n");
  source->open({"email", {"plan"}});
  ASSERT_TRUE(source->next());
  server().execute("DELETE FROM person WHERE n > 100");
  EXPECT_EQ(people_of(*source).size(), 11'999U);
}

//! A cohort whose connection is lost while it is read, so often.
class LostSource final : public Source {
 public:
  explicit LostSource(int losses) : losses_(losses) {}
  void open(const Columns& columns) override {
    source_->open(columns);
    ++opened;
    row_ = 0;
  }
  std::optional<Member> next() override {
    if (++row_ == 7'000 && losses_-- > 0) server().end_sessions();
    return source_->next();
  }
  Progress progress() const override { return source_->progress(); }
  std::vector<SourceNotice> notices() const override { return {}; }
  int opened = 0;

 private:
  int losses_;
  int row_ = 0;
  std::unique_ptr<PostgresSource> source_ =
      source_of("SELECT user_id, email, plan FROM person ORDER BY n");
};

CohortIndex index_of(Source& source, const TempDir& dir) {
  Spill spill(dir.path());
  const Cancellation cancellation;
  const LowerCaseMapping destination;
  return CohortIndex(source, destination, {{"email", {"plan"}}, "email"},
                     MemberHasher(MemberHasher::Secret{}), spill, cancellation, {});
}

//! Whatever takes the connection and never answers: a paused pooler, another service's port.
TEST(PostgresSource, AServerThatSaysNothingIsNotWaitedForWithoutEnd) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent(
      io, {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
  const auto url = "postgresql://u:p@127.0.0.1:" + std::to_string(silent.local_endpoint().port()) +
                   "/d?sslmode=disable";
  for (const auto& [more, seconds] : {std::pair{"", 30}, std::pair{"&connect_timeout=3", 3}}) {
    SCOPED_TRACE(seconds);
    VirtualClock clock;
    Waiting waiting;
    waiting.heartbeat = [&] { clock.advance(std::chrono::seconds(5)); };
    PostgresSource source(options_for(url + more, "SELECT 1"), clock, waiting);
    try {
      source.open({"email", {}});
      ADD_FAILURE() << "connected to nothing";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "sql.unreachable");
      EXPECT_EQ(error.kind(), ErrorKind::kLater);
    }
    EXPECT_LE(clock.elapsed(), std::chrono::seconds(seconds + 5));
    EXPECT_GE(clock.elapsed(), std::chrono::seconds(seconds));
  }
}

//! Of several hosts each has the whole time, and the next one is asked then, as by libpq itself.
TEST(PostgresSource, BehindAHostThatSaysNothingTheNextOneIsAsked) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent(
      io, {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
  const auto nowhere = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  const auto there = server().tcp_url("sslmode=disable&connect_timeout=5");
  const auto begin = there.find('@') + 1;
  const auto end = there.find('/', begin);
  const auto host = there.substr(begin, end - begin);
  const auto with_hosts = [&](const std::string& hosts) {
    return there.substr(0, begin) + hosts + there.substr(end);
  };
  struct Case {
    std::string hosts;
    int silent;
  };
  for (const auto& [hosts, count] : {Case{nowhere + "," + host, 1},
                                     {nowhere + "," + nowhere + "," + host, 2},
                                     {nowhere + "," + nowhere, 2}}) {
    SCOPED_TRACE(hosts);
    VirtualClock clock;
    Waiting waiting;
    const auto in_vain = std::chrono::seconds(5 * count);
    waiting.heartbeat = [&] {
      if (clock.elapsed() < in_vain) clock.advance(std::chrono::seconds(1));
    };
    PostgresSource source(options_for(with_hosts(hosts), "SELECT 'a' AS email"), clock, waiting);
    try {
      source.open({"email", {}});
      EXPECT_EQ(source.next()->identifier, "a");
      EXPECT_TRUE(hosts.ends_with(host));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "sql.unreachable");
      EXPECT_TRUE(hosts.ends_with(nowhere));
    }
    EXPECT_EQ(clock.elapsed(), in_vain);
  }
}

//! A server that agrees to TLS, and is gone before it is there.
TEST(PostgresSource, ATlsHandshakeThatTheNetworkCutsIsALostConnection) {
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), std::uint16_t{0}});
  const auto url =
      "postgresql://u:p@127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) +
      "/d?sslmode=require";
  for (const bool reset : {true, false}) {
    std::thread server([&] {
      auto client = acceptor.accept();
      std::array<char, 8> request{};
      asio::read(client, asio::buffer(request));
      asio::write(client, asio::buffer("S", 1));
      std::array<char, 4096> hello{};
      if (!reset) client.read_some(asio::buffer(hello));
      client.set_option(asio::socket_base::linger(reset, 0));
    });
    const auto error = error_of(options_for(url, "SELECT 1 AS email"));
    server.join();
    EXPECT_EQ(error.code(), "sql.lost") << error.what();
    EXPECT_EQ(error.kind(), ErrorKind::kLater);
  }
}

TEST(PostgresSource, ALostConnectionStartsTheReadingAgain) {
  fill(many_people(20'000));
  const TempDir dir;
  LostSource source(2);
  const auto cohort = index_of(source, dir);
  EXPECT_EQ(source.opened, 3);
  EXPECT_EQ(cohort.rows(), 20'000U);
  EXPECT_EQ(cohort.members().size(), 20'000U);
  EXPECT_TRUE(cohort.duplicates().empty());
}

TEST(PostgresSource, AConnectionLostAgainAndAgainIsNoCohort) {
  fill(many_people(20'000));
  const TempDir dir;
  LostSource source(100);
  try {
    index_of(source, dir);
    ADD_FAILURE() << "taken for a cohort";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "sql.lost");
    EXPECT_EQ(error.kind(), ErrorKind::kLater);
  }
}

}  // namespace
}  // namespace muster::testing
