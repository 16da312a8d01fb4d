#include "simulator/simulated_transport.hpp"

#include <algorithm>

namespace muster::simulator {
namespace {

std::string lower_name(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

std::string target_of(const std::string& url) {
  const auto host = url.find("://");
  const auto path = url.find('/', host == std::string::npos ? 0 : host + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

}  // namespace

SimulatedTransport::SimulatedTransport(Clock& clock, Server server, Milliseconds latency)
    : clock_(clock), server_(std::move(server)), latency_(latency) {}

void SimulatedTransport::start(HttpRequest request, std::uint64_t tag) {
  SimRequest sim;
  sim.method = std::move(request.method);
  sim.target = target_of(request.url);
  sim.body = std::move(request.body);
  for (auto& header : request.headers) sim.headers[lower_name(header.name)] = header.value;
  auto answer = server_(sim);
  HttpResponse response;
  response.tag = tag;
  std::string part;  // for on_body
  auto at = clock_.elapsed() + latency_ + answer.delay;
  if (answer.disturbance == Disturbance::kRefused) {
    response.outcome = HttpOutcome::kNotSent;
    response.error = "connection refused";
  } else if (answer.disturbance != Disturbance::kNone ||
             latency_ + answer.delay > request.timeout) {
    response.outcome = HttpOutcome::kNoAnswer;
    response.error = "the connection broke";
    if (answer.disturbance == Disturbance::kTruncated && answer.status == 200) {
      part = answer.body.substr(0, answer.body.size() / 2);
    }
    at = std::min(at, clock_.elapsed() + request.timeout);
  } else {
    response.outcome = HttpOutcome::kAnswered;
    response.status = answer.status;
    for (auto& [name, value] : answer.headers) response.headers.push_back({name, value});
    if (request.on_body && answer.status == 200) {
      part = std::move(answer.body);
    } else {
      response.body = std::move(answer.body);
    }
  }
  const auto after = std::find_if(coming_.begin(), coming_.end(),
                                  [&](const Coming& other) { return other.at > at; });
  coming_.insert(after, {at, std::move(response), std::move(part), std::move(request.on_body)});
}

std::optional<HttpResponse> SimulatedTransport::next(Milliseconds deadline) {
  const auto now = clock_.elapsed();
  if (coming_.empty() || coming_.front().at > std::max(deadline, now)) {
    if (!coming_.empty() && deadline > now) clock_.sleep_for(deadline - now);
    return std::nullopt;
  }
  auto first = std::move(coming_.front());
  coming_.pop_front();
  if (first.at > now) clock_.sleep_for(first.at - now);
  if (first.on_body && !first.part.empty()) first.on_body(first.part);
  return std::move(first.response);
}

void SimulatedTransport::cancel_all() {
  for (auto& coming : coming_) {
    coming.at = clock_.elapsed();
    coming.response.outcome = HttpOutcome::kCancelled;
    coming.response.body.clear();
    coming.on_body = nullptr;
  }
}

}  // namespace muster::simulator
