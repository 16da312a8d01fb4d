// amplitude-simulator: Amplitude's cohort API on a port of this machine, with the second origin of
// its large files on another, and a sender of cohort webhooks.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <thread>

#include "base/curl_transport.hpp"
#include "simulator/amplitude.hpp"
#include "simulator/amplitude_webhook.hpp"
#include "simulator/http_server.hpp"

namespace {

namespace sim = muster::simulator;

//! Written under another name first: whoever waits for the file never reads half of it.
void write_port(const std::string& file, std::uint16_t port) {
  const auto partial = file + ".partial";
  std::ofstream(partial) << port << '\n';
  std::rename(partial.c_str(), file.c_str());
}

sim::HttpServer* running = nullptr;
sim::HttpServer* running_files = nullptr;

//! POST /_simulator/push: {url, headers, retries, timeout_ms, messages: […]} sends webhooks, and
//! answers what became of each.
sim::SimResponse push(const sim::SimRequest& request) {
  namespace json = boost::json;
  const auto asked = json::parse(request.body).as_object();
  muster::SystemClock clock;
  muster::CurlTransport transport(clock);
  sim::WebhookSender::Options options;
  options.url = asked.at("url").as_string().c_str();
  options.first_pause = muster::Milliseconds{20};
  if (const auto* retries = asked.if_contains("retries")) {
    options.retries = retries->to_number<int>();
  }
  if (const auto* timeout = asked.if_contains("timeout_ms")) {
    options.timeout = muster::Milliseconds{timeout->to_number<int>()};
  }
  if (const auto* headers = asked.if_contains("headers")) {
    for (const auto& [name, value] : headers->as_object()) {
      options.headers.push_back({std::string(name), std::string(value.as_string())});
    }
  }
  sim::WebhookSender sender(transport, clock, options);
  json::array deliveries;
  for (const auto& message : asked.at("messages").as_array()) {
    const auto delivery = sender.send_body(message.is_string() ? std::string(message.as_string())
                                                               : json::serialize(message));
    deliveries.emplace_back(json::object{
        {"status", delivery.status}, {"tries", delivery.tries}, {"answer", delivery.answer}});
  }
  sim::SimResponse answer;
  answer.body = json::serialize(json::object{{"deliveries", std::move(deliveries)}});
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Amplitude's cohort API, simulated, on loopback.\n\nExample:\n  amplitude-simulator --port "
      "8978 --api-key KEY --secret-key SECRET --cohorts cohorts.json"};
  std::uint16_t port = 0;
  std::string port_file;
  std::string cohorts;
  std::string switches;
  muster::SystemClock clock;
  sim::Amplitude amplitude(clock);
  app.add_option("--port", port, "port on loopback; 0: any");
  app.add_option("--port-file", port_file, "where the port is written once it is open");
  app.add_option("--api-key", amplitude.project().api_key, "of the one project");
  app.add_option("--secret-key", amplitude.project().secret_key, "of the one project");
  app.add_option("--cohorts", cohorts,
                 "JSON: [{id, name, archived, users: [{user_id, properties}]}]")
      ->check(CLI::ExistingFile);
  app.add_option("--switches", switches, "switches as a JSON object");
  CLI11_PARSE(app, argc, argv);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // never outlives the test that started it
  try {
    const auto serve = [&](const sim::SimRequest& request) {
      if (request.target == "/_simulator/push") return push(request);
      return amplitude.handle(request);
    };
    if (!switches.empty()) amplitude.switches().set(boost::json::parse(switches).as_object());
    if (!cohorts.empty()) {
      std::ifstream file(cohorts);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      const auto given = boost::json::parse(text);
      for (const auto& cohort : given.as_array()) {
        sim::SimRequest put;
        put.method = "POST";
        put.target = "/_simulator/cohorts";
        put.body = boost::json::serialize(cohort);
        if (const auto answer = amplitude.handle(put); answer.status != 200) {
          throw std::runtime_error(answer.body);
        }
      }
    }
    sim::HttpServer files(0, serve);
    amplitude.set_file_base(fmt::format("http://127.0.0.1:{}", files.port()));
    sim::HttpServer server(port, serve);
    running = &server;
    running_files = &files;
    const auto stop = [](int) {
      running->stop();
      running_files->stop();
    };
    ::signal(SIGTERM, stop);
    ::signal(SIGINT, stop);
    fmt::print("Amplitude is simulated at http://127.0.0.1:{}\n", server.port());
    std::fflush(stdout);
    if (!port_file.empty()) write_port(port_file, server.port());
    std::thread second([&] { files.run(); });
    server.run();
    files.stop();
    second.join();
  } catch (const std::exception& error) {
    fmt::print(stderr, "amplitude-simulator: {}\n", error.what());
    return 1;
  }
  return 0;
}
