#include "cohort/postgres_hosts.hpp"

#include <algorithm>
#include <string_view>

namespace muster {
namespace {

//! "a,b" of an option; one empty entry where it is not given.
std::vector<std::string> entries(const PQconninfoOption* options, std::string_view keyword) {
  std::string_view list;
  for (const auto* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) list = option->val;
  }
  std::vector<std::string> entries;
  for (;;) {
    const auto comma = list.find(',');
    entries.emplace_back(list.substr(0, comma));
    if (comma == list.npos) return entries;
    list.remove_prefix(comma + 1);
  }
}

//! Of a list that has one entry for each host, or one for all.
const std::string& entry_for(const std::vector<std::string>& entries, std::size_t host) {
  return entries.size() == 1 ? entries[0] : entries[std::min(host, entries.size() - 1)];
}

bool is_at(const char* told, const std::string& wanted) {
  return wanted.empty() || (told != nullptr && wanted == told);
}

}  // namespace

PostgresHosts::PostgresHosts(const PQconninfoOption* options) {
  const auto names = entries(options, "host");
  const auto addresses = entries(options, "hostaddr");
  const auto ports = entries(options, "port");
  for (std::size_t i = 0; i < std::max(names.size(), addresses.size()); ++i) {
    hosts_.push_back({entry_for(names, i), entry_for(addresses, i), entry_for(ports, i)});
  }
}

void PostgresHosts::leave_behind(const PGconn* connection) {
  const auto waits_for = [&](const Host& host) {
    const bool is_there = host.name.empty() ? is_at(PQhostaddr(connection), host.address)
                                            : is_at(PQhost(connection), host.name);
    return is_there && is_at(PQport(connection), host.port);
  };
  const auto silent = std::find_if(hosts_.begin(), hosts_.end(), waits_for);
  hosts_.erase(hosts_.begin(), silent == hosts_.end() ? silent : silent + 1);
}

std::string PostgresHosts::joined(std::string Host::*part) const {
  std::string list;
  bool any = false;
  for (const auto& host : hosts_) {
    if (&host != &hosts_.front()) list += ',';
    list += host.*part;
    any = any || !(host.*part).empty();
  }
  return any ? list : std::string{};
}

}  // namespace muster
