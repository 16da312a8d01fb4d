// What HubSpot answered, and what that means for whoever asked (ABI-12). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json.hpp"
#include "muster/destination.hpp"

namespace muster::hubspot {

//! What became of a request.
enum class Fate {
  kOk,        //!< 2xx with a body that could be read
  kRefused,   //!< 4xx: HubSpot does not want it; `error` says why
  kNotFound,  //!< 404
  kConflict,  //!< 409
  kTooLarge,  //!< 413, 414
  kRetry,     //!< surely not applied; `wait_ms` where known
  kInDoubt,   //!< sent, perhaps applied
  kSkipped,   //!< not sent: cancelled, or an answer before it ended the call
};

//! HubSpot's error, reduced to what can be branched on; its texts may be localised and may name
//! people, so they stay out (hubspot/api.md §8).
struct ErrorFacts {
  std::string category;
  std::string sub_category;
  //! Such as INVALID_EMAIL, or MISSING_REQUIRED_PROPERTY:firstname; empty when there is none.
  std::string code;
};

struct Answer {
  Fate fate = Fate::kSkipped;
  int status = 0;
  json::value body;  //!< null when there was none, or when it was not JSON
  ErrorFacts error;
  std::int64_t wait_ms = -1;
  std::string correlation_id;
  //! The same request met an error of HubSpot's own before: it may be one of its inputs.
  bool fails_again = false;
};

//! "400 VALIDATION_ERROR, correlation id …": what HubSpot's support asks for. Holds no identifier.
std::string told(const Answer& answer);

//! The facts of an error object: a whole answer's, or one entry of `errors`.
ErrorFacts error_facts(const json::value& error);

//! The contact that a conflict names, in its context or in its message; empty when in neither
//! (hubspot/api.md §4.3, §4.4).
std::string existing_id(const json::value& error);

//! A word fit for reports: letters, digits and _ . : - only, at most 100; it can't hold an address.
std::string code_word(std::string_view text);

//! The header of that name, whatever its case; empty when absent.
std::string_view header(const muster_http_response& response, std::string_view name) noexcept;

}  // namespace muster::hubspot
