// A message of Amplitude's cohort webhook in its default payload (amplitude/api.md §2). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct PushedUser {
  std::string user_id;  //!< empty: the message does not tell, as of an anonymous user
  std::map<std::string, std::string> properties;  //!< texts, numbers, truths; others are left out
};

struct PushedMessage {
  std::string cohort_id;
  std::string message_id;
  bool enters = true;         //!< all users of a message go one way
  std::int64_t computed = 0;  //!< Unix seconds
  std::vector<PushedUser> users;
};

//! Throws Error kUsage, "push.malformed", that says what is wrong and repeats nothing.
PushedMessage parse_pushed_message(std::string_view body);

}  // namespace muster
