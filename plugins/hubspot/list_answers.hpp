// What HubSpot's answers about lists mean for whoever asked (hubspot/api.md §5).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_set>

#include "api.hpp"

namespace muster::hubspot {

inline constexpr std::string_view kDuplicateName = "ILS.DUPLICATE_LIST_NAMES";

//! The list that an answer holds, wrapped or not.
const json::value& list_in(const Answer& answer);

// Where a membership answer says whose membership changed: HubSpot's own spelling has one s too
// many, and both are met (hubspot/api.md §5).
inline constexpr std::array kIdsAdded{"recordsIdsAdded", "recordIdsAdded"};
inline constexpr std::array kIdsRemoved{"recordIdsRemoved", "recordsIdsRemoved"};
inline constexpr std::array kIdsMissing{"recordIdsMissing", "recordsIdsMissing"};

//! The ids under either name; an array that is absent is empty. `said` becomes true when one was
//! there.
std::unordered_set<std::string> ids_in(const json::value& body,
                                       const std::array<const char*, 2>& names, bool& said);

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
