// muster disconnect and muster uninstall: taking leave of an account, deleting nothing there
// unless asked.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "run/departure.hpp"
#include "run/grants.hpp"

namespace muster::cli {
namespace {

using Lists = DepartureOptions::Lists;

struct Asked {
  std::string connection;
  std::string lists = "keep";
  bool uninstall = false;
};

Lists lists_of(const std::string& word) {
  if (word == "empty") return Lists::kEmpty;
  return word == "delete" ? Lists::kDelete : Lists::kKeep;
}

std::string question(const std::set<std::string>& syncs, const ConnectionRow& row,
                     const Asked& asked) {
  return fmt::format(
      "{} '{}'{}? Its syncs stop: {}. Lists: {}.",
      asked.uninstall ? "Uninstall the app and disconnect" : "Disconnect", asked.connection,
      row.account_name.empty() ? "" : " (" + row.account_name + ")",
      syncs.empty() ? "none" : fmt::format("{}", fmt::join(syncs, ", ")), asked.lists);
}

std::string lists_text(const Asked& asked, const Departure& departure) {
  if (asked.lists == "keep") return "nothing was deleted at the destination";
  auto text = fmt::format("{} of its lists {} {}", departure.lists_changed,
                          departure.lists_changed == 1 ? "was" : "were",
                          asked.lists == "empty" ? "emptied" : "deleted");
  if (departure.lists_left > 0) {
    text += fmt::format(", {} that muster did not make stayed", departure.lists_left);
  }
  return text;
}

void tell(const Shell& shell, const ConnectionConfig& connection, const Asked& asked,
          const Departure& departure) {
  shell.say(fmt::format("{} is disconnected{}; its syncs are stopped, {}.", connection.name,
                        departure.uninstalled ? " and the app uninstalled" : "",
                        lists_text(asked, departure)));
  if (!departure.not_uninstalled.empty()) {
    shell.say(fmt::format("Nothing was uninstalled: {}.", departure.not_uninstalled));
  } else if (connection.has_static_token()) {
    shell.say("The token itself stays valid until it is deleted at the destination.");
  }
  shell.print(json::object{{"name", connection.name},
                           {"destination", connection.destination},
                           {"state", to_word(ConnectionState::kDisconnected)},
                           {"uninstalled", departure.uninstalled},
                           {"lists", asked.lists},
                           {"lists_changed", departure.lists_changed},
                           {"lists_left", departure.lists_left}});
}

void leave(const Shell& shell, const Asked& asked) {
  const auto workspace = shell.open_workspace();
  const auto& connection = workspace->config().connection(asked.connection);
  const DepartureOptions options{lists_of(asked.lists), asked.uninstall,
                                 count_grants(workspace->store(), connection.name)};
  check_departure(*workspace, connection, options);
  const auto row = workspace->connection_row(connection);
  Departure departure;
  if (row.state != ConnectionState::kDisconnected) {
    if (!shell.confirm(question(syncs_of(*workspace, connection), row, asked))) {
      throw Error(ErrorKind::kFailed, "cli.declined", "nothing was done");
    }
    departure = depart(*workspace, connection, options);
  } else if (asked.uninstall) {
    departure.not_uninstalled = fmt::format(
        "'{0}' was disconnected before, and so nobody was asked; if the app is still in the "
        "account, "
        "connect it first (muster connect {0}), or remove the app at the destination",
        asked.connection);
  }
  tell(shell, connection, asked, departure);
}

void add(CLI::App& program, Shell& shell, const char* name, const char* text, bool uninstall) {
  auto* command = program.add_subcommand(name, text);
  auto asked = std::make_shared<Asked>();
  asked->uninstall = uninstall;
  command->add_option("NAME", asked->connection, "a connection of muster.yaml")->required();
  command
      ->add_option("--lists", asked->lists, "what becomes of the syncs' lists: keep, empty, delete")
      ->check(CLI::IsMember({"keep", "empty", "delete"}));
  command->callback([&shell, asked] { leave(shell, *asked); });
}

}  // namespace

void add_disconnect(CLI::App& program, Shell& shell) {
  add(program, shell, "disconnect",
      "Revoke and forget a connection's tokens; its syncs stop, data at the destination "
      "stays.\n\nExample:\n  muster disconnect marketing",
      false);
}

void add_uninstall(CLI::App& program, Shell& shell) {
  add(program, shell, "uninstall",
      "Uninstall the app from the destination's account, then as disconnect.\n\nExample:\n  muster "
      "uninstall marketing",
      true);
}

}  // namespace muster::cli
