#include "simulator/switches.hpp"

#include "simulator/switch_setters.hpp"

namespace muster::simulator {

void Switches::set(const boost::json::object& changes) {
  const SwitchSetters setters{
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
       [this](const boost::json::value& v) {
         required_on_create.clear();
         for (const auto& name : v.as_array()) required_on_create.emplace_back(name.as_string());
       }},
      {"conditionally_required",
       [this](const boost::json::value& v) {
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
      {"largest_membership_page", number(largest_membership_page)},
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
  set_switches(setters, changes);
}

}  // namespace muster::simulator
