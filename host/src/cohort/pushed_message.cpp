#include "cohort/pushed_message.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace muster {
namespace {

namespace json = boost::json;

Error malformed(const std::string& message) {
  return Error(ErrorKind::kUsage, "push.malformed", message)
      .with_hint(
          "send the webhook's default payload: cohort_id, in_cohort, computed_time, message_id, "
          "users");
}

const json::value& field(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) throw malformed(fmt::format("'{}' is missing", name));
  return *value;
}

std::string text(const json::object& object, const char* name) {
  const auto& value = field(object, name);
  if (!value.is_string() || value.get_string().empty()) {
    throw malformed(fmt::format("'{}' must be a text", name));
  }
  return std::string(value.get_string());
}

//! A text on purpose, against loss of digits; a number is taken too.
std::int64_t seconds(const json::object& object, const char* name) {
  const auto& value = field(object, name);
  if (value.is_int64() && value.get_int64() >= 0) return value.get_int64();
  if (value.is_string()) {
    const auto& digits = value.get_string();
    std::int64_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size() && number >= 0) {
      return number;
    }
  }
  throw malformed(fmt::format("'{}' must be Unix seconds", name));
}

//! A text, a number or a truth as text; nothing for what is no single value.
std::optional<std::string> value_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  if (value.is_double()) return fmt::format("{}", value.get_double());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  return std::nullopt;
}

//! An anonymous user among others has no user id (amplitude/api.md §1.6): the others count.
PushedUser user_of(const json::value& value) {
  if (!value.is_object()) throw malformed("each of 'users' must be an object");
  const auto& object = value.get_object();
  PushedUser user;
  const auto* id = object.if_contains("user_id");
  if (id != nullptr && (id->is_string() || id->is_number())) user.user_id = *value_text(*id);
  const auto* properties = object.if_contains("user_properties");
  if (properties == nullptr || properties->is_null()) return user;
  if (!properties->is_object()) throw malformed("'user_properties' must be an object");
  for (const auto& [name, entry] : properties->get_object()) {
    if (auto text = value_text(entry)) user.properties[name] = std::move(*text);
  }
  return user;
}

}  // namespace

PushedMessage parse_pushed_message(std::string_view body) {
  if (find_invalid_utf8(body) != std::string_view::npos) throw malformed("the body is not UTF-8");
  json::error_code failed;
  const auto parsed = json::parse(body, failed);
  if (failed || !parsed.is_object()) throw malformed("the body is not a JSON object");
  const auto& object = parsed.get_object();
  PushedMessage message;
  message.cohort_id = text(object, "cohort_id");
  message.message_id = text(object, "message_id");
  const auto& direction = field(object, "in_cohort");
  if (!direction.is_bool()) throw malformed("'in_cohort' must be true or false");
  message.enters = direction.get_bool();
  message.computed = seconds(object, "computed_time");
  const auto& users = field(object, "users");
  if (!users.is_array()) throw malformed("'users' must be a list");
  for (const auto& user : users.get_array()) message.users.push_back(user_of(user));
  return message;
}

}  // namespace muster
