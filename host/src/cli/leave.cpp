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
    refuse_lists_without_access(row);
    if (row.state != ConnectionState::kDisconnected) {
      if (!shell_.confirm(question(row))) {
        throw Error(ErrorKind::kFailed, "cli.declined", "nothing was done");
      }
      refuse_while_running();
      auto opened = workspace_->open(connection_);
      if (row.state == ConnectionState::kConnected) change_lists(opened.destination());
      end_access(opened.destination());
      workspace_->store().forget_secrets(connection_.name);
      row.state = ConnectionState::kDisconnected;
      row.scopes.clear();
      workspace_->store().put_connection(row);
    }
    tell();
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

  //! Said before anything is done: without access to the account its lists stay as they are.
  void refuse_lists_without_access(const ConnectionRow& row) const {
    if (asked_.lists == "keep" || row.state == ConnectionState::kConnected) return;
    throw Error(
        ErrorKind::kReconnect, "leave.no_access",
        fmt::format("'{}' is {}: its lists can't be changed", connection_.name, to_word(row.state)))
        .with_hint(fmt::format("connect it first (muster connect {0}), or leave its lists as they "
                               "are: muster {1} {0}",
                               connection_.name,
                               how_ == Leaving::kUninstall ? "uninstall" : "disconnect"));
  }

  void change_lists(Destination& destination) {
    if (asked_.lists == "keep") return;
    const auto action = asked_.lists == "empty" ? MUSTER_AUDIENCE_EMPTY : MUSTER_AUDIENCE_DELETE;
    for (auto sync : workspace_->store().syncs()) {
      if (sync.connection != connection_.name || sync.audience_ref.empty()) continue;
      if (sync.audience_origin == AudienceOrigin::kAdopted) {
        ++lists_left_;  // people were in it before us
        continue;
      }
      destination.change_audience(action, sync.audience_ref, {});
      ++lists_changed_;
      // What the state says of its members is not so any more.
      workspace_->store().forget_members(sync.id);
      if (action == MUSTER_AUDIENCE_DELETE) {
        sync.audience_ref.clear();
        sync.audience_name.clear();
        workspace_->store().put_sync(sync);
      }
    }
  }

  void end_access(Destination& destination) {
    if (how_ == Leaving::kUninstall) {
      try {
        destination.uninstall();
        uninstalled_ = true;
        return;
      } catch (const DestinationError& error) {
        if (error.status() != MUSTER_NOT_SUPPORTED) throw;
        not_uninstalled_ = error.message() + (error.hint().empty() ? "" : "; " + error.hint());
      }
    }
    destination.revoke();
  }

  void tell() const {
    shell_.say(fmt::format("{} is disconnected{}; its syncs are stopped, {}.", connection_.name,
                           uninstalled_ ? " and the app uninstalled" : "", lists_text()));
    if (!not_uninstalled_.empty()) {
      shell_.say(fmt::format("Nothing was uninstalled: {}.", not_uninstalled_));
    } else if (connection_.auth.contains("token")) {
      shell_.say("The token itself stays valid until it is deleted at the destination.");
    }
    shell_.print(json::object{{"name", connection_.name},
                              {"destination", connection_.destination},
                              {"state", to_word(ConnectionState::kDisconnected)},
                              {"uninstalled", uninstalled_},
                              {"lists", asked_.lists},
                              {"lists_changed", lists_changed_},
                              {"lists_left", lists_left_}});
  }

  std::string lists_text() const {
    if (asked_.lists == "keep") return "nothing was deleted at the destination";
    auto text =
        fmt::format("{} of its lists {} {}", lists_changed_, lists_changed_ == 1 ? "was" : "were",
                    asked_.lists == "empty" ? "emptied" : "deleted");
    if (lists_left_ > 0) text += fmt::format(", {} that muster did not make stayed", lists_left_);
    return text;
  }

  const Shell& shell_;
  const Asked& asked_;
  Leaving how_;
  std::unique_ptr<Workspace> workspace_;
  const ConnectionConfig& connection_;
  std::uint64_t lists_changed_ = 0;
  std::uint64_t lists_left_ = 0;  //!< adopted ones
  bool uninstalled_ = false;
  std::string not_uninstalled_;  //!< why not
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
