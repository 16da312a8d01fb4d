// muster connections: who each connection belongs to.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/words.hpp"

namespace muster::cli {
namespace {

void list_connections(const Shell& shell) {
  const auto workspace = shell.open_workspace();
  workspace->look_only();
  json::array list;
  for (const auto& connection : workspace->config().connections) {
    const auto row = workspace->connection_row(connection);
    json::array scopes;
    std::string scope_text;
    for (const auto& scope : row.scopes) {
      scopes.emplace_back(scope);
      scope_text += (scope_text.empty() ? "" : " ") + scope;
    }
    list.emplace_back(json::object{
        {"name", connection.name},
        {"destination", connection.destination},
        {"state", to_word(row.state)},
        {"account", json::object{{"id", row.account_id}, {"name", row.account_name}}},
        {"scopes", scopes},
        {"last_used_at", row.last_used_at
                             ? json::value(row.last_used_at->time_since_epoch().count())
                             : json::value(nullptr)}});
    const bool connected = row.state == ConnectionState::kConnected;
    shell.say(fmt::format("{:<16} {:<10} {}", connection.name, connection.destination,
                          shell.in(connected ? Colour::kGood : Colour::kWarn, to_word(row.state))));
    if (!row.account_id.empty()) {
      shell.say(fmt::format("  account    {} ({})", row.account_name, row.account_id));
    }
    if (!scope_text.empty()) shell.say("  scopes     " + scope_text);
    if (row.last_used_at) shell.say("  last used  " + time_text(*row.last_used_at));
    if (!connected) shell.say("  next       muster connect " + connection.name);
  }
  shell.print(list);
}

}  // namespace

void add_connections(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "connections",
      "Show each connection: account, scopes, state, when it was last used.\n\nExample:\n  muster "
      "connections");
  command->callback([&shell] { list_connections(shell); });
}

}  // namespace muster::cli
