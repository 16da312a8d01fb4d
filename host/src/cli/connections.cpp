// muster connections: who each connection belongs to.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/words.hpp"

namespace muster::cli {
namespace {

//! What is known of the sources of a connection's syncs that have limits of their own, by sync.
std::vector<std::pair<std::string, SourceBudget>> source_budgets(Workspace& workspace,
                                                                 const std::string& connection) {
  std::vector<std::pair<std::string, SourceBudget>> budgets;
  for (const auto& sync : workspace.config().syncs) {
    if (sync.connection != connection) continue;
    try {
      if (const auto budget = workspace.source_budget(sync))
        budgets.emplace_back(sync.name, *budget);
    } catch (const Error&) {
      // A key that is not set is `check`'s to tell; the connection is shown all the same.
    }
  }
  return budgets;
}

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
    const auto budgets = source_budgets(*workspace, connection.name);
    json::array sources;
    for (const auto& [sync, budget] : budgets) {
      auto entry = to_json(budget);
      entry["sync"] = sync;
      sources.emplace_back(std::move(entry));
    }
    list.emplace_back(json::object{
        {"name", connection.name},
        {"source_budgets", sources},
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
    for (const auto& [sync, budget] : budgets) {
      shell.say(fmt::format("  source     {}: {}", sync, budget_text(budget)));
    }
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
