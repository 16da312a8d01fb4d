#include "run/not_connected.hpp"

#include <fmt/format.h>

namespace muster {

Error not_connected(const std::string& connection, ConnectionState state) {
  const auto error = [&](const char* code, const char* what) {
    return Error(ErrorKind::kReconnect, code, fmt::format(fmt::runtime(what), connection))
        .with_hint(fmt::format("run: muster connect {}", connection));
  };
  switch (state) {
    case ConnectionState::kRevoked:
      return error("connection.revoked", "the destination withdrew the access of '{}'");
    case ConnectionState::kDisconnected:
      return error("connection.disconnected", "the connection '{}' was disconnected");
    default:
      return error("connection.never", "the connection '{}' was never connected");
  }
}

}  // namespace muster
