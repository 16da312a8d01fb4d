// Requests and answers as the simulators see them, whatever carries them: a socket, or a call in
// the same process.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace muster::simulator {

struct SimRequest {
  std::string method = "GET";
  std::string target;                          //!< path and query
  std::map<std::string, std::string> headers;  //!< names in lower case
  std::string body;

  std::string path() const { return target.substr(0, target.find('?')); }
  std::string_view header(const std::string& name) const;
};

//! What the network does to an answer.
enum class Disturbance {
  kNone,
  kRefused,    //!< the connection is not accepted: nothing was sent
  kReset,      //!< the connection breaks before the answer
  kTruncated,  //!< the body stops in its middle
};

struct SimResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Disturbance disturbance = Disturbance::kNone;
  Milliseconds delay{0};
};

//! Percent-decoded; '+' is a space.
std::string decoded(std::string_view text);
//! "a=1&b=2" as pairs, decoded; repeated names stay apart.
std::multimap<std::string, std::string> fields(std::string_view text);
//! The fields of a target's query.
std::multimap<std::string, std::string> query(const std::string& target);
//! The first field of that name, or empty.
std::string field(const std::multimap<std::string, std::string>& all, const std::string& name);
std::string encoded(std::string_view text);
//! "/a/b/c" as a, b, c, each decoded.
std::vector<std::string> segments(const std::string& path);

}  // namespace muster::simulator
