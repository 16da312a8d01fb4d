#include "property_rules.hpp"

#include <algorithm>
#include <cstdlib>

namespace muster::hubspot {
namespace {

// Writing these would change who a contact is (hubspot/api.md §4.6, §10.7).
constexpr std::string_view kIdentity[]{"email", "hs_additional_emails", "hs_object_id"};

// So many values stand for their column.
constexpr std::size_t kColumn = 20;

sdk::Failure unusable(std::string_view name, const std::string& why, const char* hint) {
  const auto word = code_word(name);
  return {MUSTER_BAD_CONFIG, "hubspot.property",
          "the contact property '" + (word.empty() ? std::string("?") : word) + "' " + why, hint};
}

bool flag_at(const json::value& value, const char* key) {
  const auto* flag = find(value, key);
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

bool is_number(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  std::strtod(copy.c_str(), &end);
  return !copy.empty() && end == copy.c_str() + copy.size();
}

bool has_only(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

//! YYYY-MM-DD with or without a time, or milliseconds.
bool is_date(std::string_view text) {
  const bool iso = text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
                   has_only(text.substr(0, 10), "0123456789-");
  return iso || has_only(text, "-0123456789");
}

}  // namespace

void PropertyRules::load() {
  if (loaded_) return;
  Request request;
  request.path = api_.path_to(Path::kContactProperties);
  const auto answer = api_.call(std::move(request));
  api_.throw_if_ended();
  const auto* results = array_at(answer.body, "results");
  // Every account has properties: an answer without one tells nothing.
  if (answer.fate != Fate::kOk || results == nullptr || results->empty()) {
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.unavailable",
                       "HubSpot could not list the properties of contacts now", {}, answer.wait_ms);
  }
  for (const auto& entry : *results) {
    Definition definition;
    definition.type = text_at(entry, "type");
    const auto* rules = find(entry, "modificationMetadata");
    definition.read_only =
        flag_at(entry, "calculated") || (rules != nullptr && flag_at(*rules, "readOnlyValue"));
    if (const auto* options = array_at(entry, "options")) {
      for (const auto& option : *options) definition.options.emplace(text_at(option, "value"));
    }
    definitions_.insert_or_assign(std::string(text_at(entry, "name")), std::move(definition));
  }
  loaded_ = true;
}

void PropertyRules::check(std::span<const muster_text> names) {
  for (const auto& text : names) {
    const auto name = sdk::view(text);
    if (std::find(std::begin(kIdentity), std::end(kIdentity), name) != std::end(kIdentity)) {
      throw unusable(name, "says who a contact is; muster never writes it",
                     "take it out of the sync's properties");
    }
  }
  load();
  for (const auto& text : names) {
    const auto name = sdk::view(text);
    const auto found = definitions_.find(name);
    if (found == definitions_.end()) {
      throw unusable(name, "does not exist in the account",
                     "use the property's internal name, from HubSpot's Settings > Properties");
    }
    if (found->second.read_only) {
      throw unusable(name, "is read-only", "take it out of the sync's properties");
    }
  }
}

void PropertyRules::check_values(std::span<const muster_text> names,
                                 const muster_operation* operations, std::size_t count,
                                 std::size_t stride) {
  for (std::size_t p = 0; p < names.size(); ++p) {
    const auto name = sdk::view(names[p]);
    const auto found = definitions_.find(name);
    if (found == definitions_.end() || fitting_.contains(name)) continue;
    std::size_t given = 0;
    bool any_fits = false;
    for (std::size_t i = 0; i < count && !any_fits; ++i) {
      const auto& operation = sdk::at(operations, i, stride);
      if (p >= operation.property_count || operation.properties[p].size == 0) continue;
      ++given;
      any_fits = fits(found->second, sdk::view(operation.properties[p]));
    }
    if (any_fits) fitting_.emplace(name);
    if (any_fits || given < kColumn) continue;
    throw unusable(
        name, "is of type " + code_word(found->second.type) + ", and no value of its column is one",
        "map another column to it, or correct the column's values");
  }
}

bool PropertyRules::fits(const Definition& definition, std::string_view value) {
  const auto& type = definition.type;
  if (type == "number") return is_number(value);
  if (type == "bool") return value == "true" || value == "false";
  if (type == "date" || type == "datetime") return is_date(value);
  if (type != "enumeration") return true;
  while (!value.empty()) {  // several may be chosen
    const auto end = std::min(value.find(';'), value.size());
    if (!definition.options.contains(value.substr(0, end))) return false;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return true;
}

}  // namespace muster::hubspot
