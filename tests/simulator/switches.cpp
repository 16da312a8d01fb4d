#include "simulator/switches.hpp"

#include <functional>
#include <map>
#include <stdexcept>

namespace muster::simulator {

void Switches::set(const boost::json::object& changes) {
  using Value = const boost::json::value&;
  const auto flag = [](bool& to) { return [&to](Value v) { to = v.as_bool(); }; };
  const auto number = [](std::int64_t& to) {
    return [&to](Value v) { to = v.to_number<std::int64_t>(); };
  };
  const auto word = [](std::string& to) { return [&to](Value v) { to = v.as_string().c_str(); }; };
  const std::map<std::string, std::function<void(Value)>> setters{
      {"rotate_refresh_tokens", flag(rotate_refresh_tokens)},
      {"access_token_survives_uninstall", flag(access_token_survives_uninstall)},
      {"access_token_seconds", number(access_token_seconds)},
      {"conflict_ids", word(conflict_ids)},
      {"trace_ids_in_results", flag(trace_ids_in_results)},
      {"additional_emails_match_read", flag(additional_emails_match_read)},
      {"merged_ids_in_properties", flag(merged_ids_in_properties)},
      {"merge_keeps_primary_id", flag(merge_keeps_primary_id)},
      {"upsert_conflict_rejects_batch", flag(upsert_conflict_rejects_batch)},
      {"traces_isolate", flag(traces_isolate)},
      {"create_conflict_rejects_batch", flag(create_conflict_rejects_batch)},
      {"shuffle_results", flag(shuffle_results)},
      {"required_on_create",
       [this](Value v) {
         required_on_create.clear();
         for (const auto& name : v.as_array()) required_on_create.emplace_back(name.as_string());
       }},
      {"conditionally_required",
       [this](Value v) {
         conditionally_required.clear();
         for (const auto& rule : v.as_array()) {
           conditionally_required.push_back({rule.at("property").as_string().c_str(),
                                             rule.at("value").as_string().c_str(),
                                             rule.at("required").as_string().c_str()});
         }
       }},
      {"search_lag_ms", number(search_lag_ms)},
      {"omit_empty_arrays", flag(omit_empty_arrays)},
      {"spell_record_ids_added", flag(spell_record_ids_added)},
      {"merged_ids_are_missing", flag(merged_ids_are_missing)},
      {"largest_membership_write", number(largest_membership_write)},
      {"bulk_limit", number(bulk_limit)},
      {"longest_list_name", number(longest_list_name)},
      {"membership_lag_ms", number(membership_lag_ms)},
      {"list_size_lag_ms", number(list_size_lag_ms)},
      {"date_header", flag(date_header)},
      {"log_answers", flag(log_answers)},
      {"burst_limit", number(burst_limit)},
      {"daily_limit", number(daily_limit)},
      {"retry_after", flag(retry_after)},
      {"time_zone", word(time_zone)},
      {"utc_offset_ms", number(utc_offset_ms)},
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
