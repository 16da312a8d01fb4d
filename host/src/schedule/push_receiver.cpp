#include "schedule/push_receiver.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"

namespace muster {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::string_view kPath = "/push/amplitude";
constexpr std::uint32_t kLargestHeader = 16 * 1024;
constexpr std::chrono::seconds kReadTime{10};

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
  State(Options o, Keep k) : options(std::move(o)), keep(std::move(k)) {}

  using Request = http::request<http::string_body>;

  //! One connection, for as long as the sender keeps it.
  struct Connection : std::enable_shared_from_this<Connection> {
    Connection(tcp::socket socket, State& o) : stream(std::move(socket)), owner(o) {}
    void read() {
      parser.emplace();
      parser->header_limit(kLargestHeader);
      parser->body_limit(owner.options.largest_body);
      stream.expires_after(kReadTime);
      http::async_read(stream, buffer, *parser,
                       [self = shared_from_this()](beast::error_code failed, std::size_t) {
                         if (failed == http::error::body_limit) {
                           self->write({http::status::payload_too_large,
                                        "the message is larger than the receiver takes"},
                                       false);
                         } else if (!failed) {
                           const bool keep_alive = self->parser->get().keep_alive();
                           self->write(self->owner.answer(self->parser->get()), keep_alive);
                         }
                       });
    }
    void write(const Answer& answer, bool keep_alive) {
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
            if (!failed && keep_alive) return self->read();
            beast::error_code ignored;
            self->stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
          });
    }
    beast::tcp_stream stream;
    State& owner;
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    http::response<http::string_body> response;
  };

  bool is_from_amplitude(const Request& request) const {
    bool all = true;
    for (const auto& [name, secret] : options.headers) {
      const auto given = request[name];
      all &= same_secret({given.data(), given.size()}, secret);
    }
    return all;
  }

  Answer answer(const Request& request) {
    if (request.target() != kPath) return {http::status::not_found, "nothing is here"};
    if (!is_from_amplitude(request)) {
      return {http::status::unauthorized, "a header that proves the sender is missing or wrong"};
    }
    if (request.method() != http::verb::post) {
      return {http::status::method_not_allowed, "send messages with POST"};
    }
    try {
      const auto message = parse_pushed_message(request.body());
      switch (keep(message, request.body())) {
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
      if (!failed) std::make_shared<Connection>(std::move(socket), *this)->read();
      accept();
    });
  }

  Options options;
  Keep keep;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  std::thread thread;
};

PushReceiver::PushReceiver(Options options, Keep keep)
    : state_(std::make_unique<State>(std::move(options), std::move(keep))) {
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

PushReceiver::~PushReceiver() {
  state_->context.stop();
  state_->thread.join();
}

std::uint16_t PushReceiver::port() const { return state_->acceptor.local_endpoint().port(); }

}  // namespace muster
