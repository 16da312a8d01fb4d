// Every path of HubSpot's that the plugin calls, in one table, for any version. Pure.
// Source: hubspot/api.md §1 (path map), §2 to §5.
#pragma once

#include <string>
#include <string_view>

namespace muster::hubspot {

enum class Path {
  kToken,
  kIntrospect,
  kRevoke,
  kAccount,
  kUninstall,
  kContactsRead,
  kContactsCreate,
  kContactsUpdate,
  kContactProperties,
  kLists,
  kListSearch,
  kListByName,  //!< {} is the percent-encoded name
  kList,        //!< {} is the list's id, here and below
  kListRename,
  kListRestore,
  kMemberships,
  kMembershipsChange,
  kMembershipsOfRecords,
};

//! The path, with the version and `part` in their places.
std::string path(Path which, std::string_view version, std::string_view part = {});

//! RFC 3986: everything but unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace muster::hubspot
