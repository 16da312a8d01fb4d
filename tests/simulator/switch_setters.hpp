#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

//! How a test sets the switches of a simulator: by their names, with values of JSON.
namespace muster::simulator {

using SwitchSetter = std::function<void(const boost::json::value&)>;
//! By a switch's name.
using SwitchSetters = std::map<std::string, SwitchSetter, std::less<>>;

// Setters of a field, which must outlive them. A value of another type throws boost's system_error.

inline SwitchSetter flag(bool& field) {
  return [&field](const boost::json::value& value) { field = value.as_bool(); };
}

inline SwitchSetter number(std::int64_t& field) {
  return [&field](const boost::json::value& value) { field = value.to_number<std::int64_t>(); };
}

inline SwitchSetter word(std::string& field) {
  return [&field](const boost::json::value& value) { field = value.as_string().c_str(); };
}

//! Sets them in turn. Throws std::invalid_argument at the first that is none of `setters`.
inline void set_switches(const SwitchSetters& setters, const boost::json::object& changes) {
  for (const auto& [name, value] : changes) {
    const auto setter = setters.find(std::string_view(name));
    if (setter == setters.end()) {
      throw std::invalid_argument("unknown switch " + std::string(name));
    }
    setter->second(value);
  }
}

}  // namespace muster::simulator
