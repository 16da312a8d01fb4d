#include "base/curl_transport.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <deque>
#include <map>
#include <stdexcept>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr Milliseconds kLongestPoll{1'000};

struct EasyCloser {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ListCloser {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyCloser>;
using HeaderList = std::unique_ptr<curl_slist, ListCloser>;

void append(HeaderList& list, const std::string& line) {
  auto* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

bool starts_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

//! A request on its way.
struct Exchange {
  HttpRequest request;
  HttpResponse response;
  Easy easy;
  HeaderList headers;
  std::size_t largest_body = 0;
  bool too_large = false;
  long times_sent = 0;
  bool sent_in_vain = false;  //!< its connection was closed before the first byte of an answer

  long status() const {
    long code = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
  //! Before the request goes out, on whatever connection. libcurl sends it a second time by itself
  //! when a connection that was in use before closes without an answer: it may have taken effect,
  //! and whoever counts and paces requests would not know of it.
  static int before_sending(void* context, char*, char*, int, int) {
    auto& self = *static_cast<Exchange*>(context);
    long redirects = 0;
    curl_easy_getinfo(self.easy.get(), CURLINFO_REDIRECT_COUNT, &redirects);
    self.sent_in_vain = ++self.times_sent > redirects + 1;
    return self.sent_in_vain ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
  }
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* context) {
    auto& self = *static_cast<Exchange*>(context);
    const std::string_view line(bytes, size * count);
    // A status line begins the headers of an answer: those before were a redirect's or a 100's.
    if (line.substr(0, 5) == "HTTP/") self.response.headers.clear();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return line.size();
    const auto begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    const auto end = line.find_last_not_of(" \t\r\n");
    const auto length = end == std::string_view::npos || end < begin ? 0 : end + 1 - begin;
    self.response.headers.push_back(
        {std::string(line.substr(0, colon)), std::string(line.substr(begin, length))});
    return line.size();
  }
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* context) {
    auto& self = *static_cast<Exchange*>(context);
    const auto total = size * count;
    if (self.request.on_body && self.status() == 200) {
      self.request.on_body({bytes, total});
      return total;
    }
    if (self.response.body.size() + total > self.largest_body) {
      self.too_large = true;
      return 0;
    }
    self.response.body.append(bytes, total);
    return total;
  }
};

//! Whether the server may have seen the request. libcurl says how much of it was written.
bool was_sent(CURL* easy, CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return false;
    default:
      break;
  }
  long written = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &written);
  return written > 0;
}

}  // namespace

struct CurlTransport::State {
  State(Clock& c, Options o) : clock(c), options(std::move(o)), multi(curl_multi_init()) {
    if (multi == nullptr) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    for (auto& [easy, exchange] : exchanges) curl_multi_remove_handle(multi, easy);
    exchanges.clear();
    curl_multi_cleanup(multi);
  }

  void set_up(Exchange& exchange) const {
    auto* easy = exchange.easy.get();
    const auto& request = exchange.request;
    const bool plain = starts_with(request.url, "http://");
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, plain ? "http,https" : "https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // A name server that does not answer must not hold up who gives the request up (ABI-9).
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options.authorities.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, options.authorities.c_str());
    }
    // Plain http is for this machine alone; a proxy would carry it, and its token, away.
    if (plain) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    // Whoever takes the bytes as they come unpacks them, and so knows whether they are whole.
    if (request.on_body) {
      append(exchange.headers, "Accept-Encoding: gzip");
    } else {
      curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    // libcurl keeps an Authorization header of ours from other hosts, ports and schemes.
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
    set_up_body(exchange);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Exchange::before_sending);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Exchange::take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  }

  static void set_up_body(Exchange& exchange) {
    auto* easy = exchange.easy.get();
    const auto& request = exchange.request;
    for (const auto& header : request.headers) {
      append(exchange.headers, header.name + ": " + header.value);
    }
    append(exchange.headers, "Expect:");
    const bool has_body = !request.body.empty() || request.method == "POST" ||
                          request.method == "PUT" || request.method == "PATCH";
    if (has_body) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
  }

  //! Moves what has ended to `finished`.
  void collect() {
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      auto* const easy = message->easy_handle;
      const auto code = message->data.result;
      const auto found = exchanges.find(easy);
      if (found == exchanges.end()) continue;
      curl_multi_remove_handle(multi, easy);
      finish(*found->second, code);
      exchanges.erase(found);
    }
  }

  void finish(Exchange& exchange, CURLcode code) {
    auto& response = exchange.response;
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(exchange.easy.get(), CURLINFO_RESPONSE_CODE, &status);
      response.status = static_cast<int>(status);
      response.outcome = HttpOutcome::kAnswered;
    } else {
      const bool sent = exchange.sent_in_vain || was_sent(exchange.easy.get(), code);
      response.outcome = sent ? HttpOutcome::kNoAnswer : HttpOutcome::kNotSent;
      response.error = exchange.too_large      ? "the answer is too large"
                       : exchange.sent_in_vain ? "the connection was closed without an answer"
                                               : curl_easy_strerror(code);
      response.headers.clear();
      response.body.clear();
    }
    finished.push_back(std::move(response));
  }

  Clock& clock;
  Options options;
  CURLM* multi;
  std::map<CURL*, std::unique_ptr<Exchange>> exchanges;
  std::deque<HttpResponse> finished;
};

CurlTransport::CurlTransport(Clock& clock, Options options) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) {
    throw Error(ErrorKind::kFailed, "network.unavailable", "the network library can't be used");
  }
  state_ = std::make_unique<State>(clock, std::move(options));
}

CurlTransport::~CurlTransport() = default;

void CurlTransport::start(HttpRequest request, std::uint64_t tag) {
  auto exchange = std::make_unique<Exchange>();
  exchange->request = std::move(request);
  exchange->response.tag = tag;
  exchange->largest_body = state_->options.largest_body;
  exchange->easy.reset(curl_easy_init());
  if (!exchange->easy) throw std::bad_alloc();
  state_->set_up(*exchange);
  auto* const easy = exchange->easy.get();
  const auto added = curl_multi_add_handle(state_->multi, easy);
  if (added != CURLM_OK) {
    exchange->response.error = curl_multi_strerror(added);
    state_->finished.push_back(std::move(exchange->response));
    return;
  }
  state_->exchanges.emplace(easy, std::move(exchange));
  int running = 0;
  curl_multi_perform(state_->multi, &running);
}

std::optional<HttpResponse> CurlTransport::next(Milliseconds deadline) {
  for (;;) {
    int running = 0;
    curl_multi_perform(state_->multi, &running);
    state_->collect();
    if (!state_->finished.empty()) {
      auto response = std::move(state_->finished.front());
      state_->finished.pop_front();
      return response;
    }
    const auto left = deadline - state_->clock.elapsed();
    if (state_->exchanges.empty() || left <= Milliseconds{0}) return std::nullopt;
    curl_multi_poll(state_->multi, nullptr, 0,
                    static_cast<int>(std::min(left, kLongestPoll).count()), nullptr);
  }
}

std::size_t CurlTransport::in_flight() const {
  return state_->exchanges.size() + state_->finished.size();
}

void CurlTransport::cancel_all() {
  for (auto& [easy, exchange] : state_->exchanges) {
    curl_multi_remove_handle(state_->multi, easy);
    exchange->response.outcome = HttpOutcome::kCancelled;
    exchange->response.headers.clear();
    exchange->response.body.clear();
    state_->finished.push_back(std::move(exchange->response));
  }
  state_->exchanges.clear();
}

}  // namespace muster
