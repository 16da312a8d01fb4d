// The hosts of a database's URL that names several. libpq goes from one that refuses to the next by
// itself; one that says nothing, whoever polls has to leave behind.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <vector>

namespace muster {

class PostgresHosts {
 public:
  //! Of a parsed URL; `options` is the caller's.
  explicit PostgresHosts(const PQconninfoOption* options);

  bool empty() const noexcept { return hosts_.empty(); }
  //! Leaves out the one that `connection` waits for, and those before it.
  void leave_behind(const PGconn* connection);
  //! Values of libpq's parameters `host`, `hostaddr` and `port`; empty: as the URL says.
  std::string names() const { return joined(&Host::name); }
  std::string addresses() const { return joined(&Host::address); }
  std::string ports() const { return joined(&Host::port); }

 private:
  struct Host {
    std::string name;
    std::string address;
    std::string port;
  };
  std::string joined(std::string Host::*part) const;

  std::vector<Host> hosts_;
};

}  // namespace muster
