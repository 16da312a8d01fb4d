#include "run/departure.hpp"

#include <fmt/format.h>

#include <list>
#include <vector>

#include "run/account_check.hpp"
#include "run/grants.hpp"
#include "run/lease.hpp"
#include "run/not_connected.hpp"

namespace muster {
namespace {

class Leaver {
 public:
  Leaver(Workspace& workspace, const ConnectionConfig& connection, const DepartureOptions& options)
      : workspace_(workspace),
        store_(workspace.store()),
        connection_(connection),
        options_(options) {}

  Departure run() {
    hold_syncs();
    if (count_grants(store_, connection_.name) != options_.grants) {
      throw connected_again(connection_.name);
    }
    auto row = workspace_.connection_row(connection_);
    auto opened = workspace_.open(connection_);
    opened.pin_grants(options_.grants);
    if (row.state == ConnectionState::kConnected && !keeps_lists()) {
      // A token that was exchanged may lead to another account.
      row = workspace_.ready(connection_, opened);
      require_lists_of(row);
      change_lists(opened.destination());
    }
    end_access(opened.destination());
    workspace_.forget_access(connection_, options_.grants);
    return std::move(result_);
  }

 private:
  void hold_syncs() {
    for (const auto& sync : store_.syncs()) {
      if (sync.connection != connection_.name) continue;
      try {
        leases_.emplace_back(store_, workspace_.clock(), sync.id, this_process_as_owner());
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kBusy) throw;
        throw Error(ErrorKind::kBusy, error.code(),
                    fmt::format("a run of '{}' is in progress", sync.name))
            .with_hint("stop it, or wait for its end");
      }
    }
  }

  bool keeps_lists() const { return options_.lists == DepartureOptions::Lists::kKeep; }

  std::vector<SyncRow> syncs_with_list() {
    auto syncs = store_.syncs();
    std::erase_if(syncs, [this](const SyncRow& sync) {
      return sync.connection != connection_.name || sync.audience_ref.empty();
    });
    return syncs;
  }

  //! A list's reference means another list, a customer's own maybe, in another account.
  void require_lists_of(const ConnectionRow& account) {
    for (const auto& sync : syncs_with_list()) {
      if (is_same_account(sync, account)) continue;
      throw Error(ErrorKind::kFailed, "leave.account_changed",
                  fmt::format("the connection '{}' now leads to another account than the one that "
                              "holds the list of '{}': no list was changed",
                              connection_.name, sync.name))
          .with_hint("connect the former account again, or leave the lists as they are");
    }
  }

  void change_lists(Destination& destination) {
    for (const auto& sync : syncs_with_list()) {
      for (auto& lease : leases_) lease.keep();
      if (sync.audience_origin == AudienceOrigin::kAdopted) {
        ++result_.lists_left;
        continue;
      }
      change_list(destination, sync);
      ++result_.lists_changed;
    }
  }

  void change_list(Destination& destination, SyncRow sync) {
    const bool deletes = options_.lists == DepartureOptions::Lists::kDelete;
    destination.change_audience(deletes ? MUSTER_AUDIENCE_DELETE : MUSTER_AUDIENCE_EMPTY,
                                sync.audience_ref, {});
    Store::Transaction transaction(store_);
    // What the state says of its members is not so any more.
    store_.forget_members(sync.id);
    if (deletes) {
      sync.audience_ref.clear();
      sync.audience_name.clear();
      store_.put_sync(sync);
    }
    transaction.commit();
  }

  void end_access(Destination& destination) {
    if (options_.uninstall) {
      try {
        destination.uninstall();
        result_.uninstalled = true;
        return;
      } catch (const DestinationError& error) {
        if (error.status() != MUSTER_NOT_SUPPORTED) throw;
        result_.not_uninstalled =
            error.message() + (error.hint().empty() ? "" : "; " + error.hint());
      }
    }
    destination.revoke();
  }

  Workspace& workspace_;
  Store& store_;
  const ConnectionConfig& connection_;
  const DepartureOptions& options_;
  std::list<Lease> leases_;
  Departure result_;
};

}  // namespace

std::set<std::string> syncs_of(Workspace& workspace, const ConnectionConfig& connection) {
  std::set<std::string> names;
  for (const auto& sync : workspace.config().syncs) {
    if (sync.connection == connection.name) names.insert(sync.name);
  }
  for (const auto& sync : workspace.store().syncs()) {
    if (sync.connection == connection.name) names.insert(sync.name);
  }
  return names;
}

void check_departure(Workspace& workspace, const ConnectionConfig& connection,
                     const DepartureOptions& options) {
  const auto state = workspace.connection_row(connection).state;
  const bool keeps = options.lists == DepartureOptions::Lists::kKeep;
  if (keeps || state == ConnectionState::kConnected) return;
  auto refused = not_connected(connection.name, state);
  throw Error(ErrorKind::kReconnect, "leave.no_access",
              refused.message() + ": its lists can't be changed")
      .with_hint(fmt::format("connect it first (muster connect {}), or leave its lists as they are",
                             connection.name));
}

Departure depart(Workspace& workspace, const ConnectionConfig& connection,
                 const DepartureOptions& options) {
  return Leaver(workspace, connection, options).run();
}

}  // namespace muster
