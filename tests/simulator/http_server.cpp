#include "simulator/http_server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace muster::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::uint64_t kLargestBody = std::uint64_t{64} << 20U;

//! One connection, for as long as the client keeps it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, HttpServer::Server& server)
      : stream_(std::move(socket)), server_(server), timer_(stream_.get_executor()) {
    stream_.socket().set_option(tcp::no_delay(true));
  }
  void read() {
    parser_.emplace();
    parser_->body_limit(kLargestBody);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code failed, std::size_t) {
                       if (!failed) self->answer();
                     });
  }

 private:
  void answer() {
    auto& message = parser_->get();
    SimRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& header : message) {
      std::string name(header.name_string());
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = std::string(header.value());
    }
    request.body = std::move(message.body());
    keep_alive_ = message.keep_alive();
    answer_ = server_(request);
    if (answer_.delay <= Milliseconds{0}) return write();
    timer_.expires_after(answer_.delay);
    timer_.async_wait([self = shared_from_this()](beast::error_code failed) {
      if (!failed) self->write();
    });
  }

  void write() {
    if (answer_.disturbance == Disturbance::kReset ||
        answer_.disturbance == Disturbance::kRefused) {
      return close();
    }
    response_ = {};
    response_.result(static_cast<unsigned>(answer_.status));
    response_.version(11);
    response_.keep_alive(keep_alive_);
    for (const auto& [name, value] : answer_.headers) response_.insert(name, value);
    const bool truncated = answer_.disturbance == Disturbance::kTruncated;
    const auto size = answer_.body.size();
    if (answer_.status != 204) response_.content_length(size);
    response_.body() = truncated ? answer_.body.substr(0, size / 2) : std::move(answer_.body);
    if (!truncated) {
      return http::async_write(stream_, response_,
                               [self = shared_from_this()](beast::error_code failed, std::size_t) {
                                 if (failed) return;
                                 if (self->keep_alive_) return self->read();
                                 self->close();
                               });
    }
    // The length announces more than comes.
    cut_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(size + 1) + "\r\n\r\n" + response_.body();
    asio::async_write(
        stream_.socket(), asio::buffer(cut_),
        [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  beast::tcp_stream stream_;
  HttpServer::Server& server_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  SimResponse answer_;
  std::string cut_;
  bool keep_alive_ = true;
};

}  // namespace

struct HttpServer::State {
  State(std::uint16_t port, Server s)
      : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), port)),
        server(std::move(s)) {}

  void accept() {
    acceptor.async_accept([this](beast::error_code failed, tcp::socket socket) {
      if (!failed) std::make_shared<Connection>(std::move(socket), server)->read();
      if (acceptor.is_open()) accept();
    });
  }

  asio::io_context context{1};
  tcp::acceptor acceptor;
  Server server;
};

HttpServer::HttpServer(std::uint16_t port, Server server)
    : state_(std::make_unique<State>(port, std::move(server))) {
  state_->accept();
}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return state_->acceptor.local_endpoint().port(); }
void HttpServer::run() { state_->context.run(); }
void HttpServer::stop() { state_->context.stop(); }

}  // namespace muster::simulator
