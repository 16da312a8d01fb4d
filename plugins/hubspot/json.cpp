#include "json.hpp"

namespace muster::hubspot {

std::optional<json::value> parse_json(std::string_view text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 32;
  auto value = json::parse(text, failed, {}, options);
  if (failed) return std::nullopt;
  return value;
}

const json::value* find(const json::value& value, std::string_view key) noexcept {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

std::string_view text_at(const json::value& value, std::string_view key) noexcept {
  const auto* member = find(value, key);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

const json::array* array_at(const json::value& value, std::string_view key) noexcept {
  const auto* member = find(value, key);
  return member == nullptr ? nullptr : member->if_array();
}

std::string id_of(const json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  if (const auto* number = value.if_int64()) return std::to_string(*number);
  if (const auto* number = value.if_uint64()) return std::to_string(*number);
  return {};
}

std::string id_at(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  return member == nullptr ? std::string{} : id_of(*member);
}

}  // namespace muster::hubspot
