// What HubSpot's answers about lists mean for whoever asked (hubspot/api.md §5).
#pragma once

#include <string_view>

#include "api.hpp"

namespace muster::hubspot {

inline constexpr std::string_view kDuplicateName = "ILS.DUPLICATE_LIST_NAMES";

//! The list that an answer holds, wrapped or not.
const json::value& list_in(const Answer& answer);

//! Behind a 404: whether the list does not exist. One alone may be HubSpot's failure, and a list
//! that is taken for deleted is made a second time.
bool is_gone(Api& api, std::string_view id);

//! What an answer that is no success means for a call about the list `id`; empty where there is
//! none yet. One 404 alone is not believed: the list is looked for by its id.
[[noreturn]] void throw_list_failure(Api& api, const Answer& answer, std::string_view id,
                                     const char* what);

//! The name is another list's.
sdk::Failure taken(std::string_view name, std::string_view why, const char* hint);

//! Throws Failure BAD_CONFIG for a name of dots alone: a path that ends in it is another path
//! (RFC 3986, 5.2.4), percent-encoded or not, and a look by that name would be another call.
void refuse_dots(std::string_view name);

//! HubSpot tells no largest length of a list's name; whoever reads this needs to know the one.
sdk::Failure refused_name(Api& api, const Answer& answer, std::string_view name);

}  // namespace muster::hubspot
