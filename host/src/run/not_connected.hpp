// What a command says of a connection that nobody has connected, or not any more.
#pragma once

#include <string>

#include "base/error.hpp"
#include "state/rows.hpp"

namespace muster {

//! kReconnect, with the command that connects it. `state` is any but kConnected.
Error not_connected(const std::string& connection, ConnectionState state);

}  // namespace muster
