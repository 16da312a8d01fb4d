#include "answer.hpp"

#include <algorithm>

#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

constexpr std::size_t kLongestCode = 100;

//! The property that an error's context names: "…:firstname".
std::string property_name(const json::value& error) {
  const auto* context = find(error, "context");
  const auto* names = context == nullptr ? nullptr : array_at(*context, "propertyName");
  if (names == nullptr || names->empty()) return {};
  auto name = code_word(id_of(names->front()));
  return name == "email" ? std::string{} : name;  // whose address it is, is told already
}

//! Some messages carry a JSON array as text: "Property values were not valid: [{…}]" (§4.5).
std::string code_in_message(std::string_view message) {
  const auto begin = message.find("[{");
  if (begin == std::string_view::npos) return {};
  const auto inner = parse_json(message.substr(begin));
  const auto* list = inner ? inner->if_array() : nullptr;
  if (list == nullptr || list->empty()) return {};
  auto code = code_word(text_at(list->front(), "error"));
  const auto property = code_word(text_at(list->front(), "name"));
  if (!code.empty() && !property.empty() && property != "email") code += ":" + property;
  return code;
}

std::string code_of(const json::value& error) {
  if (const auto* errors = array_at(error, "errors"); errors != nullptr && !errors->empty()) {
    auto code = code_word(text_at(errors->front(), "code"));
    const auto property = property_name(errors->front());
    if (!code.empty() && !property.empty()) code += ":" + property;
    if (!code.empty()) return code;
  }
  if (auto code = code_word(text_at(error, "code")); !code.empty()) {
    const auto property = property_name(error);
    if (!code.empty() && !property.empty()) code += ":" + property;
    return code;
  }
  return code_in_message(text_at(error, "message"));
}

}  // namespace

std::string code_word(std::string_view text) {
  const bool plain =
      text.size() <= kLongestCode && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == ':' || c == '-';
      });
  return plain ? std::string(text) : std::string{};
}

ErrorFacts error_facts(const json::value& error) {
  return {code_word(text_at(error, "category")), code_word(text_at(error, "subCategory")),
          code_of(error)};
}

std::string told(const Answer& answer) {
  auto text = std::to_string(answer.status);
  const auto& code = !answer.error.code.empty()           ? answer.error.code
                     : !answer.error.sub_category.empty() ? answer.error.sub_category
                                                          : answer.error.category;
  if (!code.empty()) text += ' ' + code;
  if (!answer.correlation_id.empty()) text += ", correlation id " + answer.correlation_id;
  return text;
}

std::string existing_id(const json::value& error) {
  constexpr std::string_view kMark = "Existing ID:";
  if (const auto* context = find(error, "context")) {
    const auto* ids = array_at(*context, "existingId");
    if (ids != nullptr && !ids->empty()) {
      if (auto id = canonical_contact_id(id_of(ids->front()))) return *id;
    }
  }
  const auto message = text_at(error, "message");
  const auto mark = message.find(kMark);
  if (mark == std::string_view::npos) return {};
  auto digits = message.substr(mark + kMark.size());
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  const auto end = std::min(digits.find_first_not_of("0123456789"), digits.size());
  return canonical_contact_id(digits.substr(0, end)).value_or(std::string{});
}

std::string_view header(const muster_http_response& response, std::string_view name) noexcept {
  const auto same = [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(a) == lower(b);
  };
  for (std::size_t i = 0; i < response.header_count; ++i) {
    const auto& entry = sdk::at(response.headers, i, response.header_stride);
    const auto found = sdk::view(entry.name);
    if (found.size() == name.size() && std::equal(found.begin(), found.end(), name.begin(), same)) {
      return sdk::view(entry.value);
    }
  }
  return {};
}

}  // namespace muster::hubspot
