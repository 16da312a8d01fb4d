#include "run/listen_config.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"

namespace muster {
namespace {

//! A token (RFC 9110, 5.1).
bool is_header_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "!#$%&'*+-.^_`|~") == std::string_view::npos;
}

//! What HTTP itself, a proxy or Amplitude's presets (amplitude/api.md §2) say there: no secret of
//! the user's arrives in it.
bool is_taken(std::string_view name) {
  constexpr std::array<std::string_view, 18> kTaken{"Host",
                                                    "Content-Length",
                                                    "Content-Type",
                                                    "Content-Encoding",
                                                    "Transfer-Encoding",
                                                    "Connection",
                                                    "Keep-Alive",
                                                    "TE",
                                                    "Trailer",
                                                    "Upgrade",
                                                    "Expect",
                                                    "Date",
                                                    "User-Agent",
                                                    "Accept",
                                                    "Accept-Encoding",
                                                    "Via",
                                                    "Proxy-Authorization",
                                                    "Proxy-Connection"};
  return std::any_of(kTaken.begin(), kTaken.end(),
                     [&](auto taken) { return equal_but_for_case(taken, name); });
}

//! IPv4 or IPv6; the latter perhaps with an interface behind a '%'.
bool is_address(const std::string& text) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, text.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &bytes) == 1;
}

void check_name(const YamlNode& name, const ListenConfig& before) {
  if (!is_header_name(name.text())) {
    throw name.error("config.push_header", "not a name that a header may have");
  }
  if (is_taken(name.text())) {
    throw name
        .error("config.push_header",
               fmt::format("'{}' is HTTP's own, or Amplitude's: it can't hold the secret",
                           name.text()))
        .with_hint("use a name of your own, such as X-Muster-Secret");
  }
  for (const auto& [other, secret] : before.headers) {
    if (!equal_but_for_case(other, name.text())) continue;
    throw name
        .error("config.push_header",
               fmt::format("'{}' and '{}' are one header: HTTP does not tell names apart by their "
                           "case",
                           other, name.text()))
        .with_hint("give one of them another name");
  }
}

}  // namespace

ListenConfig read_listen(const YamlNode& node, const std::filesystem::path& directory) {
  constexpr std::size_t kMostHeaders = 5;  // amplitude/api.md §2
  node.expect_keys("listen", {"address", "port", "headers"});
  ListenConfig listen;
  listen.where = node.where();
  if (const auto* address = node.find("address")) {
    listen.address = address->as_text("address");
    if (!is_address(listen.address)) {
      throw address->error("config.listen_address", "'address' is no IP address of this machine")
          .with_hint("such as 127.0.0.1, 0.0.0.0 for all of this machine's, or ::1");
    }
  }
  listen.port = static_cast<std::uint16_t>(node.at("listen", "port").as_integer("port", 0, 65'535));
  const auto& headers = node.at("listen", "headers");
  headers.expect_map("headers");
  for (const auto& [name, value] : headers.entries()) {
    check_name(name, listen);
    listen.headers.emplace_back(name.text(), read_secret_reference(value, name.text(), directory));
  }
  if (listen.headers.empty() || listen.headers.size() > kMostHeaders) {
    throw headers
        .error("config.push_headers", "'headers' must name one to five headers of the webhook")
        .with_hint("they are all that tells Amplitude from others: X-Muster-Secret: {env: NAME}");
  }
  return listen;
}

std::string resolve_header(const std::string& name, const SecretReference& secret) {
  auto value = secret.resolve();
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool padded = is_blank(value.front()) || is_blank(value.back());
  const bool controls = std::any_of(value.begin(), value.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7f;
  });
  if (!padded && !controls) return value;
  throw Error(ErrorKind::kUsage, "config.push_secret",
              padded ? fmt::format("the secret of the header '{}' begins or ends with a blank, "
                                   "which HTTP takes off: none that arrives is the same",
                                   name)
                     : fmt::format("the secret of the header '{}' has a line break or another "
                                   "control character, which no header can have",
                                   name))
      .at(secret.where)
      .with_hint("take it out here, and out of the header in Amplitude's webhook");
}

}  // namespace muster
