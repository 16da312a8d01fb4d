// Who is in a list, page by page (hubspot/api.md §5). One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"

namespace muster::hubspot {

struct MemberPage {
  std::vector<std::string> ids;  //!< in their canonical form
  std::string next;              //!< the cursor that continues behind it; empty after the last
};

//! The largest page there is.
inline constexpr std::size_t kMembersOfAPage = 250;

//! The page behind `cursor`; the first one with an empty `cursor`. That nobody is in the list is
//! believed when it is said twice. Throws Failure.
MemberPage read_member_page(Api& api, std::string_view list, std::string_view cursor);

//! Streams the ids of a list's members from `cursor` on. Throws Failure.
void read_memberships(Api& api, std::string_view list, std::string_view cursor,
                      const muster_readback_sink& sink);

}  // namespace muster::hubspot
