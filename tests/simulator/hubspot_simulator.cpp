// hubspot-simulator: HubSpot on a port of this machine, for trying muster out and for tests.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "simulator/http_server.hpp"
#include "simulator/hubspot.hpp"

namespace {

//! Written under another name first: whoever waits for the file never reads half of it.
void write_port(const std::string& file, std::uint16_t port) {
  const auto partial = file + ".partial";
  std::ofstream(partial) << port << '\n';
  std::rename(partial.c_str(), file.c_str());
}

muster::simulator::HttpServer* running = nullptr;

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "HubSpot, simulated, on loopback.\n\nExample:\n  hubspot-simulator --port 8977 --contacts "
      "contacts.csv --refused-emails refused.txt"};
  std::uint16_t port = 0;
  std::string port_file;
  std::string contacts;
  std::string refused;
  std::string token;
  std::string switches;
  std::uint64_t seed = 1;
  std::int64_t portal = 0;
  app.add_option("--port", port, "port on loopback; 0: any");
  app.add_option("--port-file", port_file, "where the port is written once it is open");
  app.add_option("--contacts", contacts, "CSV: id,email,additional_emails,archived,merged_ids")
      ->check(CLI::ExistingFile);
  app.add_option("--refused-emails", refused, "addresses that the account refuses, one a line")
      ->check(CLI::ExistingFile);
  app.add_option("--token", token, "a static token that is accepted, with every scope");
  app.add_option("--switches", switches, "switches as a JSON object");
  app.add_option("--portal", portal, "the account's id");
  app.add_option("--seed", seed, "of ids and of the order of results");
  CLI11_PARSE(app, argc, argv);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // never outlives the test that started it
  try {
    muster::SystemClock clock;
    muster::simulator::HubSpot hubspot(clock, seed);
    if (portal > 0) hubspot.account().portal_id = portal;
    if (!contacts.empty()) hubspot.account().load_contacts(contacts);
    if (!refused.empty()) hubspot.account().load_refused_emails(refused);
    if (!token.empty()) hubspot.oauth().add_static_token(token, hubspot.oauth().app().scopes);
    if (!switches.empty()) {
      hubspot.switches().set(boost::json::parse(switches).as_object());
    }
    muster::simulator::HttpServer server(port, [&](const muster::simulator::SimRequest& request) {
      return hubspot.handle(request);
    });
    running = &server;
    ::signal(SIGTERM, [](int) { running->stop(); });
    ::signal(SIGINT, [](int) { running->stop(); });
    fmt::print("HubSpot is simulated at http://127.0.0.1:{}\n", server.port());
    std::fflush(stdout);
    if (!port_file.empty()) write_port(port_file, server.port());
    server.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "hubspot-simulator: {}\n", error.what());
    return 1;
  }
  return 0;
}
