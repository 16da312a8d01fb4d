#include "schedule/push_receiver.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"
#include "schedule/refusal_log.hpp"

namespace muster {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::string_view kPath = "/push/amplitude";
constexpr std::uint32_t kLargestHeader = 16 * 1024;
constexpr std::chrono::seconds kReadTime{10};
// Of a body that is refused so much is still read, so that the sender reads why before its
// connection ends.
constexpr std::size_t kMostDrained = std::size_t{64} << 20U;
constexpr std::chrono::seconds kDrainTime{5};
constexpr std::size_t kDrainedAtOnce = 64 * 1024;
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::size_t kMostConnections = 64;

//! Compares in a time that tells nothing, whatever the lengths.
bool same_secret(std::string_view a, std::string_view b) {
  const auto hash = [](std::string_view text) {
    std::array<unsigned char, crypto_generichash_BYTES> bytes{};
    crypto_generichash(bytes.data(), bytes.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr,
                       0);
    return bytes;
  };
  return sodium_memcmp(hash(a).data(), hash(b).data(), crypto_generichash_BYTES) == 0;
}

struct Answer {
  http::status status = http::status::ok;
  std::string text;
};

}  // namespace

struct PushReceiver::State {
  State(Options o, const Clock& clock, Keep k)
      : options(std::move(o)), headers(options.headers), keep(std::move(k)), refusals(clock) {}

  using Request = http::request<http::string_body>;

  //! One connection, for as long as the sender keeps it.
  struct Connection : std::enable_shared_from_this<Connection> {
    Connection(tcp::socket socket, State& o) : stream(std::move(socket)), owner(o) {
      ++owner.connections;
    }
    ~Connection() {
      know();
      --owner.connections;
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    //! It has yet to prove who it is, and is closed when there is no room for others.
    void be_stranger() {
      know();
      place = owner.strangers.insert(owner.strangers.end(), this);
    }
    void know() {
      if (place) owner.strangers.erase(*place);
      place.reset();
    }
    //! Who may not send is answered before the body is read.
    void read() {
      be_stranger();
      parser.emplace();
      parser->header_limit(kLargestHeader);
      parser->body_limit(owner.options.largest_body);
      stream.expires_after(kReadTime);
      http::async_read_header(stream, buffer, *parser,
                              [self = shared_from_this()](beast::error_code failed, std::size_t) {
                                if (failed) return self->end(failed);
                                if (auto refusal = self->owner.refuse(self->parser->get())) {
                                  return self->write(*refusal, false);
                                }
                                self->know();
                                self->ask_for_body();
                              });
    }
    //! Who waits to be asked for a large body must not wait for long.
    void ask_for_body() {
      if (!beast::iequals(parser->get()[http::field::expect], "100-continue")) return read_body();
      response = {};
      response.version(11);
      response.result(http::status::continue_);
      http::async_write(stream, response,
                        [self = shared_from_this()](beast::error_code failed, std::size_t) {
                          if (!failed) self->read_body();
                        });
    }
    void read_body() {
      http::async_read(stream, buffer, *parser,
                       [self = shared_from_this()](beast::error_code failed, std::size_t) {
                         if (failed) return self->end(failed);
                         const auto& request = self->parser->get();
                         self->write(self->owner.take(request.body()), request.keep_alive());
                       });
    }
    void end(beast::error_code failed) {
      if (failed != http::error::body_limit) return;
      write({http::status::payload_too_large, "the message is larger than the receiver takes"},
            false);
    }
    void write(const Answer& answer, bool keep_alive) {
      owner.tell(answer);
      response = {};
      response.version(11);
      response.result(answer.status);
      response.keep_alive(keep_alive);
      response.set(http::field::content_type, "application/json");
      response.body() = boost::json::serialize(boost::json::object{
          {answer.status == http::status::ok ? "taken" : "error", answer.text}});
      response.prepare_payload();
      http::async_write(
          stream, response,
          [self = shared_from_this(), keep_alive](beast::error_code failed, std::size_t) {
            if (failed) return;
            if (keep_alive) return self->read();
            beast::error_code ignored;
            self->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
            self->stream.expires_after(kDrainTime);
            self->drain(0);
          });
    }
    void drain(std::size_t drained) {
      buffer.clear();
      stream.async_read_some(
          buffer.prepare(kDrainedAtOnce),
          [self = shared_from_this(), drained](beast::error_code failed, std::size_t read) {
            if (!failed && drained + read < kMostDrained) self->drain(drained + read);
          });
    }
    beast::tcp_stream stream;
    State& owner;
    std::optional<std::list<Connection*>::iterator> place;  //!< among the strangers
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    http::response<http::string_body> response;
  };

  bool is_from_amplitude(const Request& request) const {
    const std::lock_guard lock(headers_mutex);
    bool all = !headers.empty();
    for (const auto& [name, secret] : headers) {
      const auto given = request[name];
      all &= same_secret({given.data(), given.size()}, secret);
    }
    return all;
  }

  std::optional<Answer> refuse(const Request& request) const {
    if (request.target() != kPath) return Answer{http::status::not_found, "nothing is here"};
    if (!is_from_amplitude(request)) {
      return Answer{http::status::unauthorized,
                    "a header that proves the sender is missing or wrong"};
    }
    if (request.method() != http::verb::post) {
      return Answer{http::status::method_not_allowed, "send messages with POST"};
    }
    return std::nullopt;
  }

  //! What could not be kept is told where it happens.
  void tell(const Answer& answer) {
    if (answer.status == http::status::ok || answer.status == http::status::service_unavailable) {
      return;
    }
    if (const auto line = refusals.line(static_cast<unsigned>(answer.status), answer.text)) {
      log::write(log::Severity::kWarning, "push", *line);
    }
  }

  Answer take(const std::string& body) {
    try {
      const auto message = parse_pushed_message(body);
      switch (keep(message, body)) {
        case Taken::kUnknownCohort:
          return {http::status::not_found, "no sync takes this cohort"};
        case Taken::kAgain:
          return {http::status::ok, "before"};
        case Taken::kNew:
          return {http::status::ok, "now"};
      }
    } catch (const Error& error) {
      if (error.code() == "push.malformed") return {http::status::bad_request, error.message()};
      log::write(log::Severity::kError, "push",
                 fmt::format("a message could not be kept, and will come again: {}", error.what()));
    } catch (const std::exception&) {
      // Nobody vouches that its text holds no secret.
      log::write(log::Severity::kError, "push", "a message could not be kept, and will come again");
    }
    return {http::status::service_unavailable, "the message could not be kept; send it again"};
  }

  void accept() {
    acceptor.async_accept([this](beast::error_code failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted) return;
      if (failed) return accept_later();
      if (make_room()) std::make_shared<Connection>(std::move(socket), *this)->read();
      accept();
    });
  }

  //! Amplitude sends four at a time; who opens more than kMostConnections is somebody else, and
  //! keeps nobody out who has the secret.
  bool make_room() {
    if (connections < kMostConnections) return true;
    if (const auto line = refusals.line_of_closed(kMostConnections)) {
      log::write(log::Severity::kWarning, "push", *line);
    }
    if (strangers.empty()) return false;
    auto* const oldest = strangers.front();
    oldest->know();
    oldest->stream.close();
    return true;
  }

  //! As when the process has no descriptor left.
  void accept_later() {
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](beast::error_code failed) {
      if (!failed) accept();
    });
  }

  const Options options;
  mutable std::mutex headers_mutex;
  Headers headers;
  const Keep keep;
  RefusalLog refusals;
  std::size_t connections = 0;
  std::list<Connection*> strangers;  //!< the one that came first at the front
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::thread thread;
};

PushReceiver::PushReceiver(Options options, const Clock& clock, Keep keep)
    : state_(std::make_unique<State>(std::move(options), clock, std::move(keep))) {
  beast::error_code failed;
  const auto address = asio::ip::make_address(state_->options.address, failed);
  const tcp::endpoint endpoint(address, state_->options.port);
  auto& acceptor = state_->acceptor;
  if (!failed) acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(64, failed);
  if (failed) {
    throw Error(ErrorKind::kFailed, "push.can_not_listen",
                fmt::format("can't listen on {} port {}: {}", state_->options.address,
                            state_->options.port, failed.message()))
        .with_hint("choose another port or address under 'listen:'");
  }
  state_->accept();
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

void PushReceiver::set_headers(Headers headers) {
  const std::lock_guard lock(state_->headers_mutex);
  state_->headers = std::move(headers);
}

PushReceiver::~PushReceiver() {
  state_->context.stop();
  state_->thread.join();
}

std::uint16_t PushReceiver::port() const { return state_->acceptor.local_endpoint().port(); }

}  // namespace muster
