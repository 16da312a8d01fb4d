#include "property_rules.hpp"

#include <algorithm>
#include <cstdlib>

namespace muster::hubspot {
namespace {

// Writing these would change who a contact is (hubspot/api.md §4.6, §10.7).
constexpr std::string_view kIdentity[]{"email", "hs_additional_emails", "hs_object_id"};

sdk::Failure unusable(std::string_view name, const std::string& why, const char* hint) {
  const auto word = code_word(name);
  return {MUSTER_BAD_CONFIG, "hubspot.property",
          "the contact property '" + (word.empty() ? std::string("?") : word) + "' " + why, hint};
}

bool flag_at(const json::value& value, const char* key) {
  const auto* flag = find(value, key);
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

bool has_only(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_number(std::string_view text) {
  if (!has_only(text, "0123456789+-.eE")) return false;
  const std::string copy(text);
  char* end = nullptr;
  std::strtod(copy.c_str(), &end);
  return end == copy.c_str() + copy.size();
}

//! YYYY-MM-DD with or without a time, or milliseconds.
bool is_date(std::string_view text) {
  const bool iso = text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
                   has_only(text.substr(0, 10), "0123456789-");
  return iso || has_only(text, "-0123456789");
}

// So many values of which none fits are no slips of single rows.
constexpr std::size_t kMany = 20;

std::string_view column_of(const muster_sync_request& request, std::size_t property) {
  const bool told =
      request.struct_size >= MUSTER_SIZE_UP_TO(muster_sync_request, property_columns) &&
      request.property_columns != nullptr;
  return told ? sdk::view(request.property_columns[property]) : std::string_view{};
}

bool has_update(const muster_sync_request& request) {
  for (std::size_t i = 0; i < request.operation_count; ++i) {
    const auto& operation = sdk::at(request.operations, i, request.operation_stride);
    if (operation.kind == MUSTER_UPDATE) return true;
  }
  return false;
}

std::string secret_of(std::string_view list) { return "fitting/" + std::string(list); }

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

void PropertyRules::check_values(const muster_sync_request& request, std::size_t largest_batch) {
  recall(sdk::view(request.audience_ref));
  const bool is_full = request.operation_count >= largest_batch;
  for (std::size_t p = 0; p < request.property_count; ++p) {
    const auto name = sdk::view(request.property_names[p]);
    const auto found = definitions_.find(name);
    if (found == definitions_.end() || is_text(found->second)) continue;
    const auto column = column_of(request, p);
    const auto fitted = fitting_.find(name);
    if (fitted != fitting_.end() && fitted->second == column) continue;
    const auto fit = fit_of(found->second, request, p);
    if (fit.some) fitting_.insert_or_assign(std::string(name), std::string(column));
    // Without a list the first batch tells; with one, whose members may be the most, that of the
    // updates.
    const bool is_first = request.audience_ref.size == 0 && !has_sent_;
    const bool has_everybody = !is_full && (is_first || has_update(request));
    const bool is_telling = fit.given >= kMany || (has_everybody && fit.given > 0);
    if (fit.some || !is_telling) continue;
    throw unusable(name,
                   "is of type " + code_word(found->second.type) + ", and none of the values of " +
                       "its column so far (" + std::to_string(fit.given) + ") is one",
                   "map another column to it, or correct the column's values");
  }
}

//! What former runs saw. Without a list there is none, or not of this one.
void PropertyRules::recall(std::string_view list) {
  if (!list.empty() && list_ == list) return;
  list_ = list;
  has_sent_ = false;
  fitting_.clear();
  remembered_ = list.empty() ? std::string{} : host_.secret(secret_of(list));
  const auto stored = parse_json(remembered_);
  const auto* columns = stored ? stored->if_object() : nullptr;
  if (columns == nullptr) return;
  for (const auto& [name, column] : *columns) {
    if (column.is_string()) fitting_.emplace(name, column.get_string());
  }
}

//! Names of properties and columns, nothing of people.
void PropertyRules::remember(std::string_view list) {
  if (list.empty()) return;
  has_sent_ = true;
  list_ = list;
  json::object columns;
  for (const auto& [name, column] : fitting_) columns.emplace(name, column);
  auto all = columns.empty() ? std::string{} : json::serialize(columns);
  if (all == remembered_) return;
  try {
    host_.store_secret(secret_of(list_), all);
    remembered_ = std::move(all);
  } catch (const sdk::Failure&) {
    host_.log(MUSTER_LOG_WARNING, "which properties' values fit could not be stored");
  }
}

PropertyRules::Fit PropertyRules::fit_of(const Definition& definition,
                                         const muster_sync_request& request, std::size_t property) {
  Fit fit;
  for (std::size_t i = 0; i < request.operation_count; ++i) {
    const auto& operation = sdk::at(request.operations, i, request.operation_stride);
    if (property >= operation.property_count || operation.properties[property].size == 0) continue;
    ++fit.given;
    fit.some = fits(definition, sdk::view(operation.properties[property]));
    if (fit.some) break;
  }
  return fit;
}

bool PropertyRules::is_text(const Definition& definition) {
  constexpr std::string_view kTyped[]{"number", "bool", "date", "datetime", "enumeration"};
  return std::find(std::begin(kTyped), std::end(kTyped), definition.type) == std::end(kTyped);
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
