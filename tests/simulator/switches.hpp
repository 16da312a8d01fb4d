// Where HubSpot's behaviour is not known, or differs between accounts: both sides, by name
// (hubspot/api.md §11, §12).
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace muster::simulator {

//! On 2026-09: where `property` has `value`, `required` must have one (api.md §1.1).
struct ConditionalRequirement {
  std::string property;
  std::string value;
  std::string required;
};

struct Switches {
  // OAuth
  bool rotate_refresh_tokens = false;
  bool access_token_survives_uninstall = false;
  std::int64_t access_token_seconds = 1800;
  // Contacts
  std::string conflict_ids = "context";  //!< context | message | none
  bool trace_ids_in_results = false;
  bool additional_emails_match_read = true;
  bool merged_ids_in_properties = true;
  bool merge_keeps_primary_id = false;
  bool upsert_conflict_rejects_batch = true;
  //! A trace id for each input keeps one bad input from refusing the batch (§4.3).
  bool traces_isolate = true;
  bool create_conflict_rejects_batch = false;  //!< 409 for all of batch/create, traces or not
  bool shuffle_results = true;
  std::vector<std::string> required_on_create;  //!< properties; on 2026-09 paths only
  std::vector<ConditionalRequirement> conditionally_required;
  std::int64_t search_lag_ms = 0;  //!< search does not see younger contacts and changes yet
  // Lists
  bool omit_empty_arrays = false;
  bool spell_record_ids_added = false;
  bool merged_ids_are_missing = true;  //!< in membership writes; else the survivor is added
  std::int64_t largest_membership_write = 100'000;
  std::int64_t largest_membership_page = 250;  //!< a page may hold fewer than were asked for
  std::int64_t longest_list_name = 255;
  std::int64_t bulk_limit = 100'000;  //!< add-from and delete-all stop working at so many members
  std::int64_t membership_lag_ms = 0;
  std::int64_t list_size_lag_ms = 0;  //!< the size shown of a list is so old
  // Every answer
  bool date_header = true;  //!< it tells when it was written, by HubSpot's clock (RFC 9110)
  // The simulator's own
  bool log_answers = false;  //!< the log of requests holds the answers' bodies
  // Limits
  std::int64_t burst_limit = 110;  //!< in any 10 s; 0: none
  std::int64_t daily_limit = 0;    //!< 0: none
  bool retry_after = false;        //!< on 429
  std::string time_zone = "US/Eastern";
  std::int64_t utc_offset_ms = -18'000'000;

  //! Sets the switches that `changes` names; throws std::invalid_argument for an unknown one.
  void set(const boost::json::object& changes);
};

}  // namespace muster::simulator
