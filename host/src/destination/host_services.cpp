#include "destination/host_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "destination/call.hpp"
#include "destination/http_service.hpp"
#include "destination/text.hpp"

namespace muster {
namespace {

constexpr Milliseconds kDefaultTimeout{30'000};
constexpr Milliseconds kLongestTimeout{300'000};
constexpr Milliseconds kWaitSlice{200};
// Nothing that a plugin sends is larger; a larger size is garbage.
constexpr std::size_t kLargestBody = std::size_t{64} << 20U;
constexpr std::size_t kMostHeaders = 64;
constexpr std::size_t kLevel1Header = MUSTER_SIZE_UP_TO(muster_http_header, value);

muster_status refuse(muster_error* error, muster_status status, const char* code,
                     std::string_view message) noexcept {
  if (error == nullptr || error->struct_size < MUSTER_SIZE_UP_TO(muster_error, hint)) return status;
  error->retry_after_ms = -1;
  std::strncpy(error->code, code, sizeof error->code - 1);
  const auto size = std::min(message.size(), sizeof error->message - 1);
  std::memcpy(error->message, message.data(), size);
  error->message[size] = '\0';
  return status;
}

//! A token of RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 ||
                        std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                            std::string_view::npos);
  });
}

bool is_header_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

struct HostServices::State {
  explicit State(Environment given)
      : environment(std::move(given)),
        http(environment.clock, environment.transport, environment.cancellation, environment.limits,
             environment.pacer ? environment.pacer
                               : std::make_shared<Pacer>(environment.limits.rate_share)) {}

  Environment environment;
  HttpService http;
  muster_host host{};
  muster_http_1 http_table{};

  // Of the two, http_use is taken first.
  std::mutex http_use;    //!< of the queue, and of what `next` lends
  HttpResponse response;  //!< lent to the plugin until its next `next`
  std::vector<muster_http_header> response_headers;
  std::mutex run_state;           //!< what the run works with, and what follows
  std::thread::id hook_thread{};  //!< nobody's while no hook runs
  std::exception_ptr kept;        //!< what the host's own parts threw inside the plugin's call
  std::function<void()> heartbeat;

  void keep(std::exception_ptr thrown) noexcept {
    const std::lock_guard lock(run_state);
    if (!kept) kept = std::move(thrown);
  }
  bool in_hook() {
    const std::lock_guard lock(run_state);
    return hook_thread != std::thread::id{};
  }
  //! The heart is the run's: it beats on the run's own thread.
  void beat() {
    const std::lock_guard lock(run_state);
    if (heartbeat && hook_thread == std::this_thread::get_id()) heartbeat();
  }
};

namespace {

using State = HostServices::State;

State& of(muster_host_context* context) noexcept { return *reinterpret_cast<State*>(context); }

void log_message(muster_host_context* context, std::int32_t severity,
                 muster_text message) noexcept {
  const auto level = severity <= MUSTER_LOG_DEBUG     ? log::Severity::kDebug
                     : severity == MUSTER_LOG_INFO    ? log::Severity::kInfo
                     : severity == MUSTER_LOG_WARNING ? log::Severity::kWarning
                                                      : log::Severity::kError;
  try {
    log::write(level, of(context).environment.connection, told(view(message)));
  } catch (...) {
    // A log that can't be written is no reason to fail.
  }
}

std::int64_t now_ms(muster_host_context* context) noexcept {
  return of(context).environment.clock.now().time_since_epoch().count();
}

std::int32_t is_cancelled(muster_host_context* context) noexcept {
  return of(context).http.must_end() ? 1 : 0;
}

std::int64_t remaining_ms(muster_host_context* context) noexcept {
  return of(context).http.remaining().count();
}

muster_status wait_for(muster_host_context* context, std::int64_t ms) noexcept {
  auto& state = of(context);
  try {
    for (auto left = bounded_time(ms); left > Milliseconds{0}; left -= kWaitSlice) {
      if (state.http.must_end()) return MUSTER_CANCELLED;
      state.beat();
      state.environment.clock.sleep_for(std::min(left, kWaitSlice));
    }
    return state.http.must_end() ? MUSTER_CANCELLED : MUSTER_OK;
  } catch (...) {
    state.keep(std::current_exception());
    return MUSTER_INTERNAL;
  }
}

muster_status secret_get(muster_host_context* context, muster_text name, char* buffer,
                         std::size_t capacity, std::size_t* size) noexcept {
  if (size == nullptr || (buffer == nullptr && capacity > 0)) return MUSTER_INVALID_ARGUMENT;
  *size = 0;
  auto& state = of(context);
  try {
    const std::lock_guard lock(state.run_state);
    if (state.hook_thread == std::thread::id{}) return MUSTER_INVALID_ARGUMENT;
    const auto value = state.environment.secrets.get(view(name));
    if (!value) return MUSTER_OK;
    log::keep_secret(*value);
    *size = value->size();
    if (!value->empty() && capacity > 0) {
      std::memcpy(buffer, value->data(), std::min(capacity, value->size()));
    }
    return MUSTER_OK;
  } catch (...) {
    state.keep(std::current_exception());
    return MUSTER_INTERNAL;
  }
}

muster_status secret_put(muster_host_context* context, muster_text name,
                         muster_text value) noexcept {
  auto& state = of(context);
  try {
    const std::lock_guard lock(state.run_state);
    if (state.hook_thread == std::thread::id{}) return MUSTER_INVALID_ARGUMENT;
    log::keep_secret(view(value));
    state.environment.secrets.put(view(name), view(value));
    return MUSTER_OK;
  } catch (...) {
    state.keep(std::current_exception());
    return MUSTER_INTERNAL;
  }
}

const void* get_extension(muster_host_context* context, muster_text id) noexcept {
  return view(id) == MUSTER_HTTP_1 ? &of(context).http_table : nullptr;
}

muster_status start(muster_host_context* context, const muster_http_request* request,
                    std::uint64_t tag, muster_error* error) noexcept {
  const bool sane = request != nullptr &&
                    request->struct_size >= MUSTER_SIZE_UP_TO(muster_http_request, timeout_ms) &&
                    is_token(view(request->method)) && request->header_count <= kMostHeaders &&
                    request->body.size <= kLargestBody &&
                    (request->header_count == 0 ||
                     (request->headers != nullptr &&
                      is_stride<muster_http_header>(request->header_stride, kLevel1Header)));
  if (!sane) {
    return refuse(error, MUSTER_INVALID_ARGUMENT, "host.request", "the request makes no sense");
  }
  try {
    auto& state = of(context);
    const std::unique_lock use(state.http_use, std::try_to_lock);
    if (!use || !state.in_hook()) {
      return refuse(error, MUSTER_INVALID_ARGUMENT, "host.serial",
                    "another thread is in a call of muster.http/1, or no hook runs");
    }
    HttpRequest copy;
    copy.method = view(request->method);
    copy.url = view(request->url);
    copy.body = view(request->body);
    copy.timeout = request->timeout_ms > 0
                       ? std::min(Milliseconds{request->timeout_ms}, kLongestTimeout)
                       : kDefaultTimeout;
    for (std::size_t i = 0; i < request->header_count; ++i) {
      const auto& header = element(request->headers, i, request->header_stride);
      if (!is_header_safe(view(header.name)) || !is_header_safe(view(header.value))) {
        return refuse(error, MUSTER_INVALID_ARGUMENT, "host.header", "a header holds a line break");
      }
      copy.headers.push_back({std::string(view(header.name)), std::string(view(header.value))});
    }
    std::string reason;
    if (!is_allowed(copy.url, state.environment.limits, reason)) {
      return refuse(error, MUSTER_FORBIDDEN, "host.address_not_allowed", reason);
    }
    state.http.start(std::move(copy), tag, std::string(view(request->bucket)));
    return MUSTER_OK;
  } catch (...) {
    return refuse(error, MUSTER_INTERNAL, "host.failed", "the host could not start a request");
  }
}

muster_status next(muster_host_context* context, muster_http_response* response) noexcept {
  if (response == nullptr ||
      response->struct_size < MUSTER_SIZE_UP_TO(muster_http_response, error)) {
    return MUSTER_INVALID_ARGUMENT;
  }
  try {
    auto& state = of(context);
    const std::unique_lock use(state.http_use, std::try_to_lock);
    if (!use || !state.in_hook()) return MUSTER_INVALID_ARGUMENT;
    auto finished = state.http.next();
    if (!finished) return MUSTER_INVALID_ARGUMENT;
    state.response = std::move(*finished);
    state.response_headers.clear();
    for (const auto& header : state.response.headers) {
      state.response_headers.push_back({to_text(header.name), to_text(header.value)});
    }
    response->outcome = static_cast<std::int32_t>(state.response.outcome) + MUSTER_HTTP_ANSWERED;
    response->tag = state.response.tag;
    response->status = state.response.status;
    response->header_stride = sizeof(muster_http_header);
    response->headers = state.response_headers.data();
    response->header_count = state.response_headers.size();
    response->body = to_text(state.response.body);
    response->error = to_text(state.response.error);
    return MUSTER_OK;
  } catch (...) {
    of(context).keep(std::current_exception());
    return MUSTER_INTERNAL;
  }
}

muster_status limit(muster_host_context* context, muster_text bucket, std::uint32_t requests,
                    std::int64_t window_ms) noexcept {
  if (requests == 0 || window_ms <= 0 || bucket.size == 0) return MUSTER_INVALID_ARGUMENT;
  try {
    of(context).http.pacer().limit(std::string(view(bucket)), requests, bounded_time(window_ms));
    return MUSTER_OK;
  } catch (...) {
    return MUSTER_INTERNAL;
  }
}

muster_status pause(muster_host_context* context, muster_text bucket, std::int64_t ms) noexcept {
  if (ms < 0 || bucket.size == 0) return MUSTER_INVALID_ARGUMENT;
  try {
    auto& state = of(context);
    state.http.pacer().pause(std::string(view(bucket)), state.environment.clock.elapsed(),
                             bounded_time(ms));
    return MUSTER_OK;
  } catch (...) {
    return MUSTER_INTERNAL;
  }
}

static_assert(static_cast<int>(HttpOutcome::kAnswered) + MUSTER_HTTP_ANSWERED ==
              MUSTER_HTTP_ANSWERED);
static_assert(static_cast<int>(HttpOutcome::kCancelled) + MUSTER_HTTP_ANSWERED ==
              MUSTER_HTTP_CANCELLED);

}  // namespace

HostServices::HostServices(Environment environment)
    : state_(std::make_unique<State>(std::move(environment))) {
  auto* context = reinterpret_cast<muster_host_context*>(state_.get());
  state_->host = {sizeof(muster_host), MUSTER_LEVEL,  context,   &log_message, &now_ms,
                  &is_cancelled,       &remaining_ms, &wait_for, &secret_get,  &secret_put,
                  &get_extension};
  state_->http_table = {sizeof(muster_http_1), 0, &start, &next, &limit, &pause};
  state_->http.set_heartbeat([state = state_.get()] { state->beat(); });
}

HostServices::~HostServices() = default;

HostServices::Hook::Hook(HostServices& services) : state_(*services.state_) {
  const std::lock_guard lock(state_.run_state);
  state_.hook_thread = std::this_thread::get_id();
}

//! A thread of the plugin that is still in `next` is waited for: the network is the next one's.
HostServices::Hook::~Hook() {
  const std::lock_guard use(state_.http_use);
  const std::lock_guard lock(state_.run_state);
  state_.hook_thread = {};
}

std::mutex& HostServices::run_state() noexcept { return state_->run_state; }

const muster_host* HostServices::table() const noexcept { return &state_->host; }

void HostServices::set_deadline(std::optional<Milliseconds> elapsed) {
  state_->http.set_deadline(elapsed);
}

void HostServices::set_heartbeat(std::function<void()> beat) {
  const std::lock_guard lock(state_->run_state);
  state_->heartbeat = std::move(beat);
}

Destination::Usage HostServices::usage() const { return state_->http.usage(); }

void HostServices::rethrow_kept() {
  std::exception_ptr kept;
  {
    const std::lock_guard lock(state_->run_state);
    kept = std::exchange(state_->kept, nullptr);
  }
  if (kept) std::rethrow_exception(kept);
}

const std::string& HostServices::where() const noexcept { return state_->environment.where; }

void HostServices::log_fault(std::size_t refused, std::size_t unreported) const {
  log::write(log::Severity::kError, state_->environment.connection,
             fmt::format("the plugin broke its contract: {} reports refused, {} items not reported",
                         refused, unreported));
}

}  // namespace muster
