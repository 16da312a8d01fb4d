// How PostgreSQL's refusals of a connection are known, whatever language the server speaks.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "cohort/postgres_source.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {
namespace {

//! Why `url` could not be connected to.
std::string code_of(const std::string& url) {
  const TempDir dir;
  SqlOptions options;
  options.database =
      SecretReference{SecretReference::Kind::kFile, dir.write("url", url), "muster.yaml:6:12"};
  options.query = "SELECT 1 AS email";
  VirtualClock clock;
  PostgresSource source(options, clock, {});
  try {
    source.open({"email", {}});
  } catch (const Error& error) {
    return error.code();
  }
  return "connected";
}

//! What a server in another language says to whoever connects.
TEST(PostgresSource, AServersRefusalIsKnownByItsCodeWhateverItsLanguage) {
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), std::uint16_t{0}});
  const auto url =
      "postgresql://u:p@127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) +
      "/d?sslmode=disable";
  const struct {
    const char* state;
    const char* words;
    const char* code;
  } cases[] = {
      {"28P01", "Passwort-Authentifizierung fehlgeschlagen", "sql.not_authenticated"},
      {"28000", "kein pg_hba-Eintrag, SSL aus", "sql.not_authenticated"},
      {"53300", "zu viele Verbindungen", "sql.too_many_connections"},
      {"3D000", "Datenbank existiert nicht", "sql.no_database"},
      {"57P03", "das Datenbanksystem startet; password, SSL", "sql.unreachable"},
  };
  for (const auto& refusal : cases) {
    std::thread server([&] {
      auto client = acceptor.accept();
      std::array<char, 512> startup{};
      client.read_some(asio::buffer(startup));
      std::string fields;
      for (const auto& field :
           {std::string("SFATAL"), std::string("VFATAL"), std::string("C") + refusal.state,
            std::string("M") + refusal.words}) {
        fields += field + '\0';
      }
      fields += '\0';
      const auto length = static_cast<char>(fields.size() + 4);
      asio::write(client, asio::buffer(std::string("E\0\0\0", 4) + length + fields));
    });
    const auto code = code_of(url);
    server.join();
    EXPECT_EQ(code, refusal.code) << refusal.state;
  }
}

}  // namespace
}  // namespace muster::testing
