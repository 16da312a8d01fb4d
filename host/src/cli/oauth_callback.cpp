#include "cli/oauth_callback.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <map>

#include "base/error.hpp"

namespace muster::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::string_view kPath = "/oauth/callback";
constexpr std::uint32_t kLargestHeader = 16 * 1024;
constexpr std::uint64_t kLargestBody = 1024;
constexpr std::chrono::seconds kReadTime{10};
constexpr std::chrono::milliseconds kSlice{200};

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool escape = text[i] == '%' && i + 2 < text.size();
    if (escape && std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                      text.data() + i + 3) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

std::map<std::string, std::string> query_of(std::string_view url) {
  std::map<std::string, std::string> fields;
  auto rest = url.substr(std::min(url.find('?'), url.size()));
  if (!rest.empty()) rest.remove_prefix(1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    fields[decoded(pair.substr(0, equals))] =
        decoded(pair.substr(std::min(equals + 1, pair.size())));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return fields;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string page(std::string_view title, std::string_view text) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>muster</title>"
      "<body style=\"font-family: sans-serif; max-width: 40em; margin: 4em auto\">"
      "<h1>{}</h1><p>{}</p></body></html>",
      title, text);
}

}  // namespace

std::optional<Callback> parse_callback(std::string_view url, std::string_view state) {
  auto fields = query_of(url);
  if (!same_secret(fields["state"], state)) return std::nullopt;
  Callback callback{fields["code"], fields["error"], fields["error_description"]};
  if (callback.code.empty() && callback.error.empty()) return std::nullopt;
  return callback;
}

struct CallbackServer::State {
  explicit State(std::string wanted) : state(std::move(wanted)) {}

  //! One request on one connection.
  struct Connection : std::enable_shared_from_this<Connection> {
    Connection(tcp::socket socket, State& o) : stream(std::move(socket)), owner(o) {}
    void read() {
      parser.header_limit(kLargestHeader);
      parser.body_limit(kLargestBody);
      stream.expires_after(kReadTime);
      http::async_read(stream, buffer, parser,
                       [self = shared_from_this()](beast::error_code failed, std::size_t) {
                         if (!failed) self->answer();
                       });
    }
    void answer() {
      const std::string target(parser.get().target());
      const auto path = std::string_view(target).substr(0, target.find('?'));
      std::optional<Callback> callback;
      if (path == kPath) callback = parse_callback(target, owner.state);
      response.version(11);
      response.keep_alive(false);
      response.set(http::field::content_type, "text/html; charset=utf-8");
      response.set(http::field::cache_control, "no-store");
      if (path != kPath) {
        response.result(http::status::not_found);
      } else if (!callback) {
        response.result(http::status::bad_request);
        response.body() = page("This is not the answer that muster waits for",
                               "Go back to the terminal and open the address shown there.");
      } else if (!callback->error.empty()) {
        response.body() = page("Not connected", "The access was not granted. You can close this.");
      } else {
        response.body() = page("Almost there", "Go back to the terminal. You can close this page.");
      }
      response.prepare_payload();
      http::async_write(stream, response,
                        [self = shared_from_this(), callback](beast::error_code, std::size_t) {
                          self->stream.socket().shutdown(tcp::socket::shutdown_both, self->ignored);
                          if (callback && !self->owner.taken) self->owner.taken = callback;
                        });
    }
    beast::tcp_stream stream;
    State& owner;
    beast::flat_buffer buffer;
    http::request_parser<http::string_body> parser;
    http::response<http::string_body> response;
    beast::error_code ignored;
  };

  bool listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    beast::error_code failed;
    acceptor.open(endpoint.protocol(), failed);
    if (failed) return false;
    acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(true), failed);
    acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(8, failed);
    if (failed) {
      beast::error_code ignored;
      acceptor.close(ignored);
      return false;
    }
    accept(acceptor);
    return true;
  }

  void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](beast::error_code failed, tcp::socket socket) {
      if (failed) return;
      std::make_shared<Connection>(std::move(socket), *this)->read();
      accept(acceptor);
    });
  }

  std::string state;
  std::optional<Callback> taken;
  asio::io_context context{1};
  tcp::acceptor v4{context};
  tcp::acceptor v6{context};
};

CallbackServer::CallbackServer(std::uint16_t port, std::string state)
    : state_(std::make_unique<State>(std::move(state))) {
  if (!state_->listen(state_->v4, {asio::ip::address_v4::loopback(), port})) {
    throw Error(ErrorKind::kFailed, "connect.port_taken",
                fmt::format("port {} of this machine is taken", port))
        .with_hint("set another redirect_port in the connection (and in the app), or use --paste");
  }
  // `localhost` may be either; a machine without IPv6 has one alone.
  state_->listen(state_->v6, {asio::ip::address_v6::loopback(), this->port()});
}

CallbackServer::~CallbackServer() = default;

std::uint16_t CallbackServer::port() const { return state_->v4.local_endpoint().port(); }

std::optional<Callback> CallbackServer::wait(Milliseconds timeout,
                                             const Cancellation& cancellation) {
  for (Milliseconds left = timeout; !state_->taken && left > Milliseconds{0}; left -= kSlice) {
    if (cancellation.requested()) {
      throw Error(ErrorKind::kInterrupted, "connect.interrupted",
                  "interrupted; nothing was connected");
    }
    state_->context.run_for(kSlice);
  }
  return state_->taken;
}

}  // namespace muster::cli
