// Faults that a test asks for: which requests they meet, how often, and what happens to them.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simulator/http_message.hpp"

namespace muster::simulator {

struct Fault {
  std::string path;        //!< part of the path; empty: any
  std::string method;      //!< empty: any
  std::int64_t skip = 0;   //!< so many matching requests pass first
  std::int64_t count = 1;  //!< how many are met; -1: all
  //! status | slow | reset | refused | truncated | empty_results | drop_member | keep_member |
  //! lose_entries | unauthorized (the token expired) | invalid_token (can't be read) |
  //! unauthenticated
  std::string kind = "status";
  int status = 503;
  std::string policy;               //!< of a 429: TEN_SECONDLY_ROLLING | SECONDLY | DAILY
  std::int64_t retry_after_s = -1;  //!< a Retry-After header
  std::int64_t delay_ms = 0;
  bool applied = false;  //!< the request takes effect before it fails
  //! Of an answer with that status; of lose_entries: an error of it that names nobody is added.
  std::string category{};

  static Fault from_json(const boost::json::object& object);
};

class Faults {
 public:
  //! Throws std::invalid_argument for a kind that is misspelt: it would fail otherwise than meant.
  void add(Fault fault);
  void clear() { faults_.clear(); }
  //! Asked for each request before the listed faults; for randomised tests.
  void set_source(std::function<std::optional<Fault>(const SimRequest&)> source) {
    source_ = std::move(source);
  }
  //! The fault that meets this request, if any; counts it.
  std::optional<Fault> meet(const SimRequest& request);

 private:
  std::vector<Fault> faults_;
  std::function<std::optional<Fault>(const SimRequest&)> source_;
};

}  // namespace muster::simulator
