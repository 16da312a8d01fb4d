#include "destination/http_service.hpp"

#include <curl/curl.h>

#include <algorithm>

namespace muster {
namespace {

// ABI-9: a hook returns within 2 s of cancellation; requests in flight get this much to finish.
constexpr Milliseconds kGrace{1'500};
constexpr Milliseconds kSlice{200};

struct Url {
  CURLU* handle = curl_url();
  Url() = default;
  Url(const Url&) = delete;
  Url& operator=(const Url&) = delete;
  ~Url() { curl_url_cleanup(handle); }

  bool parse(const std::string& text) {
    return curl_url_set(handle, CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  }
  std::string part(CURLUPart what, unsigned flags = 0) const {
    char* value = nullptr;
    if (curl_url_get(handle, what, &value, flags) != CURLUE_OK) return {};
    std::string copy(value);
    curl_free(value);
    return copy;
  }
  std::string port() const { return part(CURLUPART_PORT, CURLU_DEFAULT_PORT); }
};

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_loopback(const std::string& host) {
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

bool same_origin(const Url& a, const Url& b) {
  return a.part(CURLUPART_SCHEME) == b.part(CURLUPART_SCHEME) &&
         a.part(CURLUPART_HOST) == b.part(CURLUPART_HOST) && a.port() == b.port();
}

}  // namespace

bool is_allowed(const std::string& url, const ConnectionLimits& limits, std::string& reason) {
  Url wanted;
  if (!wanted.parse(url)) {
    reason = "the address is not a URL";
    return false;
  }
  if (!wanted.part(CURLUPART_USER).empty() || !wanted.part(CURLUPART_PASSWORD).empty()) {
    reason = "the address holds credentials";
    return false;
  }
  const auto scheme = wanted.part(CURLUPART_SCHEME);
  const auto host = lower_case(wanted.part(CURLUPART_HOST));
  const bool named =
      std::find(limits.hosts.begin(), limits.hosts.end(), host) != limits.hosts.end();
  if (scheme == "https" && named && wanted.port() == "443") return true;
  for (const auto& base : limits.loopback_bases) {
    Url allowed;
    if (is_loopback(host) && allowed.parse(base) && same_origin(wanted, allowed)) return true;
  }
  reason = named && scheme == "http" ? "plain http is for loopback alone"
                                     : "the host is not one that the manifest names";
  return false;
}

HttpService::HttpService(Clock& clock, Transport& transport, const Cancellation& cancellation,
                         const ConnectionLimits& limits, std::shared_ptr<Pacer> pacer)
    : clock_(clock),
      transport_(transport),
      cancellation_(cancellation),
      max_in_flight_(limits.max_in_flight),
      pacer_(std::move(pacer)) {}

bool HttpService::must_end() const {
  return cancellation_.requested() || remaining() == Milliseconds{0};
}

Milliseconds HttpService::remaining() const {
  const Milliseconds deadline = deadline_;
  if (deadline == Milliseconds::max()) return deadline;
  return std::max(Milliseconds{0}, deadline - clock_.elapsed());
}

void HttpService::start(HttpRequest request, std::uint64_t tag, std::string bucket) {
  queue_.push_back({std::move(request), tag, std::move(bucket)});
  if (!must_end()) start_allowed();
}

void HttpService::start_allowed() {
  held_back_ = false;
  std::set<std::string> blocked;
  for (auto queued = queue_.begin();
       queued != queue_.end() && in_flight_.size() < max_in_flight_;) {
    const auto& bucket = queued->bucket;
    const bool paced = !bucket.empty();
    if (blocked.contains(bucket) || (paced && !pacer_->try_start(bucket, clock_.elapsed()))) {
      blocked.insert(bucket);
      held_back_ = true;
      ++queued;
      continue;
    }
    const auto tag = next_tag_++;
    in_flight_.emplace(tag, InFlight{queued->tag, queued->bucket, clock_.elapsed()});
    ++calls_;
    transport_.start(std::move(queued->request), tag);
    queued = queue_.erase(queued);
  }
}

std::optional<HttpResponse> HttpService::next() {
  if (!must_end()) grace_until_.reset();
  while (!queue_.empty() || !in_flight_.empty()) {
    if (heartbeat_) heartbeat_();
    if (must_end()) {
      if (auto cancelled = next_cancelled()) return cancelled;
    } else {
      start_allowed();
    }
    const auto before = clock_.elapsed();
    const auto until = wake_time(before);
    std::optional<HttpResponse> response;
    if (in_flight_.empty()) {
      clock_.sleep_for(until - before);
    } else {
      response = transport_.next(until);
    }
    if (held_back_) throttled_ = throttled_.load() + (clock_.elapsed() - before);
    if (response) return finish(std::move(*response));
  }
  return std::nullopt;
}

//! What was not sent comes back at once; what was has a moment to be answered.
std::optional<HttpResponse> HttpService::next_cancelled() {
  held_back_ = false;
  if (!queue_.empty()) {
    HttpResponse response;
    response.tag = queue_.front().tag;
    response.outcome = HttpOutcome::kCancelled;
    queue_.pop_front();
    return response;
  }
  if (!grace_until_) grace_until_ = clock_.elapsed() + kGrace;
  if (clock_.elapsed() >= *grace_until_) transport_.cancel_all();
  return std::nullopt;
}

Milliseconds HttpService::wake_time(Milliseconds now) {
  auto wake = now + kSlice;
  for (const auto& queued : queue_) {
    if (queued.bucket.empty()) continue;
    const auto start = pacer_->next_start(queued.bucket, now);
    if (start && *start > now) wake = std::min(wake, *start);
  }
  return wake;
}

HttpResponse HttpService::finish(HttpResponse response) {
  const auto found = in_flight_.find(response.tag);
  if (found == in_flight_.end()) return response;
  const auto& bucket = found->second.bucket;
  if (!bucket.empty()) pacer_->answered(bucket, found->second.started, clock_.elapsed());
  response.tag = found->second.tag;
  in_flight_.erase(found);
  return response;
}

}  // namespace muster
