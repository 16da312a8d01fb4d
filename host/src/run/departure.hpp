// Taking leave of an account: access to it ends, and nothing there is deleted unless asked.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "run/workspace.hpp"

namespace muster {

struct DepartureOptions {
  //! What becomes of the lists that the connection's syncs have made.
  enum class Lists { kKeep, kEmpty, kDelete } lists = Lists::kKeep;
  //! Takes the app out of the account, too, where the destination can.
  bool uninstall = false;
  //! How often the connection had been connected (grants.hpp) when it was decided: whoever connects
  //! it since then keeps the access.
  std::uint64_t grants = 0;
};

struct Departure {
  std::uint64_t lists_changed = 0;
  std::uint64_t lists_left = 0;  //!< that muster did not make: people were in them before
  bool uninstalled = false;
  std::string not_uninstalled;  //!< why not, where it was asked for
};

//! The connection's syncs by name: those of muster.yaml, and those of before that have a list
//! still.
std::set<std::string> syncs_of(Workspace& workspace, const ConnectionConfig& connection);

//! Throws Error kReconnect when lists are to be changed in an account that can't be reached.
void check_departure(Workspace& workspace, const ConnectionConfig& connection,
                     const DepartureOptions& options);

//! Ends the connection: its lists first, then the access, then what is stored of it. Holds the
//! connection's syncs meanwhile: throws Error kBusy when one of them runs, and kFailed when it was
//! connected again meanwhile (connected_again), or when lists are to be changed that another
//! account holds than the connection leads to. What was done before an Error is in the state; asked
//! again, it goes on from there.
Departure depart(Workspace& workspace, const ConnectionConfig& connection,
                 const DepartureOptions& options);

}  // namespace muster
