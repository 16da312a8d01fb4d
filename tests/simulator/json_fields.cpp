#include "simulator/json_fields.hpp"

#include <fmt/chrono.h>

#include <charconv>

namespace muster::simulator {

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  return {};
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<std::int64_t> number_at(const json::object& object, std::string_view key,
                                      std::int64_t otherwise) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return otherwise;
  if (const auto* number = value->if_int64()) return *number;
  if (const auto* text = value->if_string()) {
    const auto parsed = whole_number({text->data(), text->size()});
    if (parsed > 0 || *text == "0") return static_cast<std::int64_t>(parsed);
  }
  return std::nullopt;
}

std::optional<json::object> object_of(const std::string& body) {
  boost::system::error_code failed;
  auto value = json::parse(body, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::uint64_t whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? value : 0;
}

std::string timestamp(Instant at) {
  const auto since = at.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.count()),
                     (since - seconds).count());
}

std::string http_date(Instant at) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch());
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(seconds.count()));
}

}  // namespace muster::simulator
