#include "paths.hpp"

#include <array>

namespace muster::hubspot {
namespace {

struct Row {
  Path path;
  const char* dated;  //!< from 2026-03 on: {v} is the version
  const char* v3;
};

constexpr std::array kTable{
    Row{Path::kToken, "/oauth/{v}/token", "/oauth/v3/token"},
    Row{Path::kIntrospect, "/oauth/{v}/token/introspect", "/oauth/v3/token/introspect"},
    Row{Path::kRevoke, "/oauth/{v}/token/revoke", "/oauth/v3/token/revoke"},
    Row{Path::kAccount, "/account-info/{v}/details", "/account-info/v3/details"},
    Row{Path::kUninstall, "/appinstalls/{v}/external-install", "/appinstalls/v3/external-install"},
    Row{Path::kContactsRead, "/crm/objects/{v}/contacts/batch/read",
        "/crm/v3/objects/contacts/batch/read"},
    Row{Path::kContactsCreate, "/crm/objects/{v}/contacts/batch/create",
        "/crm/v3/objects/contacts/batch/create"},
    Row{Path::kContactsUpdate, "/crm/objects/{v}/contacts/batch/update",
        "/crm/v3/objects/contacts/batch/update"},
    // Not in hubspot/api.md's map: by analogy with its objects and lists.
    Row{Path::kContactProperties, "/crm/properties/{v}/contacts", "/crm/v3/properties/contacts"},
    Row{Path::kLists, "/crm/lists/{v}", "/crm/v3/lists"},
    Row{Path::kListSearch, "/crm/lists/{v}/search", "/crm/v3/lists/search"},
    Row{Path::kListByName, "/crm/lists/{v}/object-type-id/0-1/name/{}",
        "/crm/v3/lists/object-type-id/0-1/name/{}"},
    Row{Path::kList, "/crm/lists/{v}/{}", "/crm/v3/lists/{}"},
    Row{Path::kListRename, "/crm/lists/{v}/{}/update-list-name",
        "/crm/v3/lists/{}/update-list-name"},
    Row{Path::kListRestore, "/crm/lists/{v}/{}/restore", "/crm/v3/lists/{}/restore"},
    Row{Path::kMemberships, "/crm/lists/{v}/{}/memberships", "/crm/v3/lists/{}/memberships"},
    Row{Path::kMembershipsChange, "/crm/lists/{v}/{}/memberships/add-and-remove",
        "/crm/v3/lists/{}/memberships/add-and-remove"},
    Row{Path::kMembershipsOfRecords, "/crm/lists/{v}/records/memberships/batch/read",
        "/crm/v3/lists/records/memberships/batch/read"},
};

void replace(std::string& text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), by);
}

}  // namespace

std::string path(Path which, std::string_view version, std::string_view part) {
  for (const auto& row : kTable) {
    if (row.path != which) continue;
    std::string found = version == "v3" ? row.v3 : row.dated;
    replace(found, "{v}", version);
    replace(found, "{}", part);
    return found;
  }
  return {};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4U];
    encoded += kHex[byte & 15U];
  }
  return encoded;
}

}  // namespace muster::hubspot
