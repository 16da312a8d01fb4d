// muster disconnect and muster uninstall: taking leave of an account, deleting nothing there
// unless asked.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "run/lease.hpp"

namespace muster::cli {
namespace {

enum class Leaving { kDisconnect, kUninstall };

struct Asked {
  std::string connection;
  std::string lists = "keep";
};

class Leave {
 public:
  Leave(const Shell& shell, const Asked& asked, Leaving how)
      : shell_(shell),
        asked_(asked),
        how_(how),
        workspace_(shell.open_workspace()),
        connection_(workspace_->config().connection(asked.connection)) {}

  void run() {
    auto row = workspace_->connection_row(connection_);
    if (row.state != ConnectionState::kDisconnected) {
      if (!shell_.confirm(question(row))) {
        throw Error(ErrorKind::kFailed, "cli.declined", "nothing was done");
      }
      refuse_while_running();
      auto opened = workspace_->open(connection_);
      if (row.state == ConnectionState::kConnected) change_lists(opened.destination());
      if (how_ == Leaving::kUninstall) {
        opened.destination().uninstall();
      } else {
        opened.destination().revoke();
      }
      workspace_->store().forget_secrets(connection_.name);
      row.state = ConnectionState::kDisconnected;
      row.scopes.clear();
      workspace_->store().put_connection(row);
    }
    shell_.say(fmt::format(
        "{} is disconnected{}; its syncs are stopped, {} at the destination.", connection_.name,
        how_ == Leaving::kUninstall ? " and the app uninstalled" : "",
        asked_.lists == "keep" ? "nothing was deleted"
                               : fmt::format("its lists were asked to {}", asked_.lists)));
    shell_.print(json::object{{"name", connection_.name},
                              {"destination", connection_.destination},
                              {"state", to_word(ConnectionState::kDisconnected)},
                              {"lists", asked_.lists}});
  }

 private:
  std::string question(const ConnectionRow& row) const {
    std::string syncs;
    for (const auto& sync : workspace_->config().syncs) {
      if (sync.connection == connection_.name) syncs += (syncs.empty() ? "" : ", ") + sync.name;
    }
    return fmt::format(
        "{} '{}'{}? Its syncs stop: {}. Lists: {}.",
        how_ == Leaving::kUninstall ? "Uninstall the app and disconnect" : "Disconnect",
        connection_.name, row.account_name.empty() ? "" : " (" + row.account_name + ")",
        syncs.empty() ? "none" : syncs, asked_.lists);
  }

  void refuse_while_running() {
    for (const auto& sync : workspace_->config().syncs) {
      if (sync.connection != connection_.name) continue;
      const auto row = workspace_->store().sync(sync.name);
      const auto owner = row ? workspace_->store().lease_owner(row->id) : std::nullopt;
      if (!owner || is_known_dead(*owner)) continue;
      throw Error(ErrorKind::kBusy, "run.busy",
                  fmt::format("a run of '{}' is in progress", sync.name))
          .with_hint("stop it, or wait for its end");
    }
  }

  void change_lists(Destination& destination) {
    if (asked_.lists == "keep") return;
    const auto action = asked_.lists == "empty" ? MUSTER_AUDIENCE_EMPTY : MUSTER_AUDIENCE_DELETE;
    for (auto sync : workspace_->store().syncs()) {
      if (sync.connection != connection_.name || sync.audience_ref.empty()) continue;
      destination.change_audience(action, sync.audience_ref, {});
      // What the state says of its members is not so any more.
      workspace_->store().forget_members(sync.id);
      if (action == MUSTER_AUDIENCE_DELETE) {
        sync.audience_ref.clear();
        sync.audience_name.clear();
        workspace_->store().put_sync(sync);
      }
    }
  }

  const Shell& shell_;
  const Asked& asked_;
  Leaving how_;
  std::unique_ptr<Workspace> workspace_;
  const ConnectionConfig& connection_;
};

void add(CLI::App& program, Shell& shell, const char* name, const char* text, Leaving how) {
  auto* command = program.add_subcommand(name, text);
  auto asked = std::make_shared<Asked>();
  command->add_option("NAME", asked->connection, "a connection of muster.yaml")->required();
  command
      ->add_option("--lists", asked->lists, "what becomes of the syncs' lists: keep, empty, delete")
      ->check(CLI::IsMember({"keep", "empty", "delete"}));
  command->callback([&shell, asked, how] { Leave(shell, *asked, how).run(); });
}

}  // namespace

void add_disconnect(CLI::App& program, Shell& shell) {
  add(program, shell, "disconnect",
      "Revoke and forget a connection's tokens; its syncs stop, data at the destination "
      "stays.\n\nExample:\n  muster disconnect marketing",
      Leaving::kDisconnect);
}

void add_uninstall(CLI::App& program, Shell& shell) {
  add(program, shell, "uninstall",
      "Uninstall the app from the destination's account, then as disconnect.\n\nExample:\n  muster "
      "uninstall marketing",
      Leaving::kUninstall);
}

}  // namespace muster::cli
