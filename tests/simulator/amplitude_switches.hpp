// Where Amplitude's behaviour is not documented: both sides, by name (amplitude/api.md §7, §8).
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

namespace muster::simulator {

struct AmplitudeSwitches {
  std::int64_t request_status = 202;       //!< of step 1: 202 as documented, 200 as others saw
  std::string request_ids = "req";         //!< how they begin
  std::int64_t polls_until_done = 2;       //!< answers "in progress" so often
  std::string job = "ok";                  //!< ok | stuck | failed | error
  std::int64_t inline_limit = 4096;        //!< bytes; a larger file is at the second origin
  std::string gzip = "announced";          //!< announced | silent | twice | none
  std::string unknown_property = "empty";  //!< a column of it is empty | absent
  std::string property_prefix;             //!< of the file's property columns, such as gp:
  bool archived_download = false;          //!< an archived cohort can be downloaded
  std::int64_t unknown_cohort = 404;       //!< status: 400 | 403 | 404
  std::int64_t too_large = 413;            //!< status: 400 | 413
  std::int64_t largest_cohort = 2'000'000;
  std::int64_t link_seconds = 60;      //!< how long a link to the second origin is valid
  std::int64_t monthly_limit = 500;    //!< downloads
  std::int64_t ten_minute_limit = 60;  //!< requests
  std::int64_t minute_limit = 4;       //!< requests
  std::int64_t concurrent_limit = 5;   //!< jobs that run
  bool retry_after = false;            //!< on 429
  std::string usage = "nested";        //!< nested | flat | none
  std::string file_as_of = "request";  //!< the file has who is in the cohort at: request | computed
  std::string page;                    //!< stands in the file's place
  bool empty_file = false;             //!< the file has not a byte
  bool truncated_gzip = false;         //!< the packed file ends too early, but whole for HTTP

  //! Sets the switches that `changes` names; throws std::invalid_argument for an unknown one.
  void set(const boost::json::object& changes);
};

}  // namespace muster::simulator
