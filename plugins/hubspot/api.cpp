#include "api.hpp"

#include <utility>
#include <vector>

namespace muster::hubspot {
namespace {

constexpr std::int64_t kConfirmNotFoundMs = 1'000;

sdk::Failure cancelled() {
  return {MUSTER_CANCELLED, "hubspot.cancelled", "the call was cancelled"};
}

//! HubSpot's answer to a token that it can't read claims that it expired in 1970 (§2.5).
bool claims_1970(const json::value& body) {
  const auto* context = find(body, "context");
  const auto* times = context == nullptr ? nullptr : array_at(*context, "expire time");
  return times != nullptr && !times->empty() && id_of(times->front()).substr(0, 5) == "1970-";
}

sdk::Failure refused_token(const json::value& body, bool is_static) {
  if (is_static && claims_1970(body)) {
    return {MUSTER_UNAUTHENTICATED, "hubspot.malformed_token",
            "HubSpot can't read the token: it is not an API token",
            "use a service key or a private app's token (pat-…), not a personal access key"};
  }
  if (is_static) {
    return {MUSTER_UNAUTHENTICATED, "hubspot.token_refused", "HubSpot refuses the token",
            "create a new one in HubSpot and put it where the connection's auth.token points"};
  }
  if (claims_1970(body)) {
    return {MUSTER_UNAUTHENTICATED, "hubspot.malformed_token",
            "HubSpot can't read the connection's token, not even the one that it has just given",
            "connect the account again with muster connect"};
  }
  return {MUSTER_UNAUTHENTICATED, "hubspot.revoked",
          "HubSpot refuses the connection's token, also after a refresh",
          "connect the account again with muster connect"};
}

}  // namespace

Api::Api(const sdk::Host& host, const HubSpotSettings& settings)
    : host_(host),
      settings_(settings),
      http_(host.extension<muster_http_1>(MUSTER_HTTP_1)),
      tokens_(host, settings),
      pace_(host, http_) {
  if (http_ == nullptr || http_->struct_size < MUSTER_SIZE_UP_TO(muster_http_1, pause)) {
    throw sdk::Failure(MUSTER_NOT_SUPPORTED, "hubspot.no_network",
                       "the host offers no muster.http/1");
  }
}

void Api::begin_call() {
  ended_.reset();
  troubles_in_a_row_ = 0;
}

void Api::end(sdk::Failure failure) {
  if (!ended_) ended_ = std::move(failure);
}

void Api::unavailable(const char* code, std::string message, std::int64_t wait_ms,
                      std::string hint) {
  end({MUSTER_UNAVAILABLE, code, std::move(message), std::move(hint), wait_ms});
}

void Api::throw_if_ended() {
  if (ended_) throw sdk::Failure(*ended_);
}

//! The limit is not known before an answer tells it: until then, one after the other.
std::size_t Api::most_open() const { return pace_.is_known() ? most_open_ : 1; }

void Api::send(Request request, OnAnswer on_answer) {
  Open open{std::move(request), std::move(on_answer), false, {}};
  if (!ended_ && host_.is_cancelled()) end(cancelled());
  const bool needs_token = open.request.credentials == Request::Credentials::kToken;
  if (needs_token && refreshing_) {
    held_.push_back(std::move(open));
    return;
  }
  if (!ended_ && needs_token && tokens_.is_due()) refresh();
  if (ended_) return finish(std::move(open), Answer{});
  if (open_.size() >= most_open() && needs_token) {
    waiting_.push_back(std::move(open));
    return;
  }
  start(std::move(open));
}

void Api::start_waiting() {
  while (!waiting_.empty() && (ended_ || open_.size() < most_open())) {
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    // As new: the token may be due meanwhile, or the call at its end.
    send(std::move(first.request), std::move(first.on_answer));
    if (refreshing_) return;
  }
}

void Api::start(Open open) {
  pace_.begin();
  const auto tag = next_tag_++;
  open.token_used = tokens_.access_token();
  const auto& request = open_.emplace(tag, std::move(open)).first->second.request;
  const bool is_form = request.kind == Request::Kind::kForm;
  const std::string authorization = "Bearer " + tokens_.access_token();
  std::vector<muster_http_header> headers;
  headers.push_back({sdk::text("Accept"), sdk::text("application/json")});
  if (!request.body.empty()) {
    headers.push_back(
        {sdk::text("Content-Type"),
         sdk::text(is_form ? "application/x-www-form-urlencoded" : "application/json")});
  }
  if (request.credentials == Request::Credentials::kToken) {
    headers.push_back({sdk::text("Authorization"), sdk::text(authorization)});
  }
  const auto url = settings_.api_base + request.path;
  muster_http_request c_request{};
  c_request.struct_size = sizeof c_request;
  c_request.header_stride = sizeof(muster_http_header);
  c_request.method = sdk::text(request.method);
  c_request.url = sdk::text(url);
  c_request.headers = headers.data();
  c_request.header_count = headers.size();
  c_request.body = sdk::text(request.body);
  // The token endpoints are not counted with the account's calls.
  c_request.bucket = is_form ? muster_text{} : sdk::text(kBurstBucket);
  c_request.timeout_ms = request.timeout_ms;
  muster_error error{};
  error.struct_size = sizeof error;
  const auto status = http_->start(host_.context(), &c_request, tag, &error);
  if (status == MUSTER_OK) return;
  auto found = open_.find(tag);
  Open refused = std::move(found->second);
  open_.erase(found);
  end({status == MUSTER_FORBIDDEN ? MUSTER_BAD_CONFIG : MUSTER_INTERNAL, "hubspot.address",
       "the host does not let the plugin reach api_base",
       "name its host in the manifest's hosts, or use plain http on loopback"});
  finish(std::move(refused), Answer{});
}

void Api::drain() {
  for (;;) {
    start_waiting();
    if (open_.empty()) return;
    muster_http_response response{};
    response.struct_size = sizeof response;
    if (http_->next(host_.context(), &response) != MUSTER_OK) {
      end({MUSTER_INTERNAL, "hubspot.host_network", "the host's network failed"});
      auto lost = std::move(open_);
      open_.clear();
      Answer unknown;
      unknown.fate = Fate::kInDoubt;
      for (auto& [tag, open] : lost) finish(std::move(open), unknown);
      continue;
    }
    take(response);
  }
}

void Api::confirm_version() {
  Request request;
  request.path = path_to(Path::kAccount);
  request.not_found = Request::NotFound::kWrongVersion;
  const auto answer = call(std::move(request));
  throw_if_ended();
  if (answer.fate == Fate::kOk) return;
  throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.unavailable",
                     "HubSpot could not tell now whether it knows the API's version", {},
                     answer.wait_ms);
}

Answer Api::call(Request request) {
  Answer taken;
  send(std::move(request), [&](Answer& answer) { taken = std::move(answer); });
  drain();
  return taken;
}

void Api::take(const muster_http_response& response) {
  const auto found = open_.find(response.tag);
  if (found == open_.end()) return;
  Open open = std::move(found->second);
  open_.erase(found);
  auto answer = classify(response, open.request.credentials);
  if (answer.status >= 500) answer.fails_again = failed_before(open.request);
  const bool expired =
      answer.status == 401 && open.request.credentials == Request::Credentials::kToken;
  const bool wrong_version =
      answer.status == 404 && open.request.not_found == Request::NotFound::kWrongVersion;
  if (wrong_version && !open.confirming && !ended_) {
    // One 404 may be HubSpot's failure of a moment, and nothing was done.
    open.confirming = true;
    pace_.pause(kConfirmNotFoundMs);
    return start(std::move(open));
  }
  if (wrong_version) {
    end({MUSTER_BAD_CONFIG, "hubspot.api_version",
         "HubSpot knows no version '" + settings_.api_version + "' of this part of its API",
         "set the connection's setting api_version to one that HubSpot supports, such as "
         "\"2026-09\""});
    answer.fate = Fate::kRetry;
  }
  if (!expired) return finish(std::move(open), std::move(answer));
  repeat_or_give_up(std::move(open), std::move(answer));
}

//! After a 401: nothing was done. One refresh, and the request again.
void Api::repeat_or_give_up(Open open, Answer answer) {
  const bool may_repeat = !open.repeated && !ended_ && !tokens_.is_static();
  if (may_repeat) {
    open.repeated = true;
    if (refreshing_) {
      held_.push_back(std::move(open));
      return;
    }
    if (open.token_used != tokens_.access_token() || refresh()) return start(std::move(open));
  }
  end(refused_token(answer.body, tokens_.is_static()));
  answer.fate = Fate::kRetry;
  finish(std::move(open), std::move(answer));
}

bool Api::failed_before(const Request& request) {
  constexpr std::size_t kMostRemembered = 10'000;
  if (request.inputs_hash == 0) return false;
  if (failed_batches_.size() >= kMostRemembered) failed_batches_.clear();
  return !failed_batches_.insert(request.inputs_hash).second;
}

void Api::finish(Open open, Answer answer) { open.on_answer(answer); }

//! False when the call was cancelled meanwhile: it has then ended.
bool Api::wait_or_end(std::int64_t ms) {
  if (host_.wait(ms)) return true;
  end(cancelled());
  return false;
}

}  // namespace muster::hubspot
