// CurlTransport from a command line, for tests that play the server: prints what became of each
// request as JSON.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <utility>

#include "base/curl_transport.hpp"

namespace {

namespace json = boost::json;

const char* word(muster::HttpOutcome outcome) {
  switch (outcome) {
    case muster::HttpOutcome::kAnswered:
      return "answered";
    case muster::HttpOutcome::kNotSent:
      return "not sent";
    case muster::HttpOutcome::kNoAnswer:
      return "no answer";
    case muster::HttpOutcome::kCancelled:
      return "cancelled";
  }
  return "?";
}

json::object told(const muster::HttpResponse& response) {
  json::object headers;
  for (const auto& header : response.headers) headers[header.name] = header.value;
  return {{"tag", response.tag},       {"outcome", word(response.outcome)},
          {"status", response.status}, {"headers", std::move(headers)},
          {"body", response.body},     {"error", response.error}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("fetches addresses, all at once");
  muster::CurlTransport::Options options;
  muster::HttpRequest request;
  std::vector<std::string> urls;
  std::string authorization;
  std::int64_t timeout_ms = 10'000;
  std::int64_t cancel_after_ms = -1;
  bool one_by_one = false;
  bool stream = false;
  app.add_option("--authorities", options.authorities);
  app.add_option("--largest-body", options.largest_body);
  app.add_option("--timeout", timeout_ms);
  app.add_option("--cancel-after", cancel_after_ms);
  app.add_option("--method", request.method);
  app.add_option("--body", request.body);
  app.add_option("--authorization", authorization);
  app.add_flag("--follow", request.follow_redirects);
  app.add_flag("--one-by-one", one_by_one);
  app.add_flag("--stream", stream, "hand the bytes over as they come, and count them");
  app.add_option("urls", urls)->required();
  CLI11_PARSE(app, argc, argv);

  muster::SystemClock clock;
  muster::CurlTransport transport(clock, options);
  request.timeout = muster::Milliseconds{timeout_ms};
  if (!authorization.empty()) request.headers.push_back({"Authorization", authorization});
  std::uint64_t streamed = 0;
  if (stream) request.on_body = [&](std::string_view bytes) { streamed += bytes.size(); };
  json::array responses;
  const auto take = [&] {
    while (transport.in_flight() > 0) {
      const auto wait = cancel_after_ms < 0 ? 60'000 : cancel_after_ms;
      const auto response = transport.next(clock.elapsed() + muster::Milliseconds{wait});
      if (response) {
        responses.push_back(told(*response));
        if (stream) responses.back().as_object()["streamed"] = std::exchange(streamed, 0);
      } else {
        transport.cancel_all();
      }
    }
  };
  std::uint64_t tag = 0;
  for (const auto& url : urls) {
    request.url = url;
    transport.start(request, ++tag);
    if (one_by_one) take();
  }
  take();
  std::cout << json::serialize(responses) << '\n';
}
