#include "simulator/amplitude_switches.hpp"

#include "simulator/switch_setters.hpp"

namespace muster::simulator {

void AmplitudeSwitches::set(const boost::json::object& changes) {
  const SwitchSetters setters{
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
      {"request_ids", word(request_ids)},
      {"page", word(page)},
      {"empty_file", flag(empty_file)},
      {"truncated_gzip", flag(truncated_gzip)},
  };
  set_switches(setters, changes);
}

}  // namespace muster::simulator
