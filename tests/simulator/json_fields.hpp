// Reading what came in a request's JSON: nothing is trusted to be there, or of the right type.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace muster::simulator {

namespace json = boost::json;

//! A member as text, numbers included; empty when absent or of another type.
std::string text_at(const json::object& object, std::string_view key);
const json::object* object_at(const json::object& object, std::string_view key);
const json::array* array_at(const json::object& object, std::string_view key);
//! A member that may be absent: `otherwise` then; nothing when it is no whole number.
std::optional<std::int64_t> number_at(const json::object& object, std::string_view key,
                                      std::int64_t otherwise);
//! The request's body when it is one JSON object.
std::optional<json::object> object_of(const std::string& body);
//! A whole text of decimal digits; 0 for anything else.
std::uint64_t whole_number(std::string_view text);
//! As HubSpot writes instants: 2026-11-23T16:56:07.367Z.
std::string timestamp(Instant at);
//! As HTTP writes them: Mon, 23 Nov 2026 16:56:07 GMT.
std::string http_date(Instant at);

}  // namespace muster::simulator
