#include "simulator/amplitude_switches.hpp"

#include <functional>
#include <map>
#include <stdexcept>

namespace muster::simulator {

void AmplitudeSwitches::set(const boost::json::object& changes) {
  using Value = const boost::json::value&;
  const auto flag = [](bool& to) { return [&to](Value v) { to = v.as_bool(); }; };
  const auto number = [](std::int64_t& to) {
    return [&to](Value v) { to = v.to_number<std::int64_t>(); };
  };
  const auto word = [](std::string& to) { return [&to](Value v) { to = v.as_string().c_str(); }; };
  const std::map<std::string, std::function<void(Value)>> setters{
      {"request_status", number(request_status)},
      {"polls_until_done", number(polls_until_done)},
      {"job", word(job)},
      {"inline_limit", number(inline_limit)},
      {"gzip", word(gzip)},
      {"unknown_property", word(unknown_property)},
      {"property_prefix", word(property_prefix)},
      {"archived_download", flag(archived_download)},
      {"unknown_cohort", number(unknown_cohort)},
      {"too_large", number(too_large)},
      {"largest_cohort", number(largest_cohort)},
      {"link_seconds", number(link_seconds)},
      {"monthly_limit", number(monthly_limit)},
      {"ten_minute_limit", number(ten_minute_limit)},
      {"minute_limit", number(minute_limit)},
      {"concurrent_limit", number(concurrent_limit)},
      {"retry_after", flag(retry_after)},
      {"usage", word(usage)},
      {"file_as_of", word(file_as_of)},
      {"truncated_gzip", flag(truncated_gzip)},
  };
  for (const auto& [name, value] : changes) {
    const auto setter = setters.find(name);
    if (setter == setters.end()) {
      throw std::invalid_argument("unknown switch " + std::string(name));
    }
    setter->second(value);
  }
}

}  // namespace muster::simulator
