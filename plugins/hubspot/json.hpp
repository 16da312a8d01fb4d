// Answers as JSON, distrusted: every access tells whether it found what it wanted. Pure.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace muster::hubspot {

namespace json = boost::json;

//! The value, or nothing when `text` is not JSON or is nested deeper than any answer of HubSpot's.
std::optional<json::value> parse_json(std::string_view text);

//! The member of that name, or nullptr when `value` is no object or has none.
const json::value* find(const json::value& value, std::string_view key) noexcept;
//! A member's text; empty when there is none.
std::string_view text_at(const json::value& value, std::string_view key) noexcept;
//! A member's array; nullptr when there is none.
const json::array* array_at(const json::value& value, std::string_view key) noexcept;
//! An id as HubSpot writes it: text, or a whole number (ids may exceed 2^53: never a double).
std::string id_of(const json::value& value);
std::string id_at(const json::value& value, std::string_view key);

}  // namespace muster::hubspot
