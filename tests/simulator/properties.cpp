#include "simulator/properties.hpp"

#include <fmt/chrono.h>

namespace muster::simulator {
namespace {

// Reserved top-level domains are on no list of IANA's (§4.5).
const std::set<std::string> kReservedDomains{"example", "invalid", "test", "localhost", "internal"};
const std::vector<std::string> kShownByDefault{
    "createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"};
const std::vector<std::string> kAlwaysShown{"createdate", "hs_object_id", "lastmodifieddate"};

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& entry : list) text += (text.empty() ? "" : ";") + entry;
  return text;
}

bool is_whole(const std::string& text) {
  const auto digits = text.rfind('-', 0) == 0 ? text.substr(1) : text;
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
}

//! YYYY-MM-DD of a date in one of the forms that HubSpot takes: that one, with a time behind it, or
//! milliseconds since 1970. Nothing for another text.
std::optional<std::string> date_of(const std::string& text) {
  if (is_whole(text) && text.size() > 8) {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::stoll(text) / 1000));
  }
  const auto date = text.substr(0, 10);
  if (date.size() != 10 || (text.size() > 10 && text[10] != 'T')) return std::nullopt;
  for (std::size_t i = 0; i < date.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? date[i] != '-' : date[i] < '0' || date[i] > '9') return std::nullopt;
  }
  return date;
}

bool enforces_admin_rules(const std::string& version) { return version.rfind("2026-09", 0) == 0; }

PropertyError required(const char* code, const std::string& name) {
  return {code, name, "A value for " + name + " must be provided"};
}

}  // namespace

Properties::Properties(const Account& account, const Switches& switches)
    : account_(account), switches_(switches) {
  for (const auto* name : {"email", "firstname", "lastname", "phone", "company", "plan_tier"}) {
    definitions_[name] = {};
  }
  definitions_["score"].type = PropertyType::kNumber;
  definitions_["renewal_date"].type = PropertyType::kDate;
  definitions_["lifecyclestage"] = {PropertyType::kEnumeration,
                                    false,
                                    {"subscriber", "lead", "opportunity", "customer", "other"}};
  for (const auto* name : {"hs_object_id", "createdate", "lastmodifieddate", "hs_additional_emails",
                           "hs_merged_object_ids", "hs_marketable_status"}) {
    definitions_[name].read_only = true;
  }
}

void Properties::define(const std::string& name, PropertyDefinition definition) {
  definitions_[name] = std::move(definition);
}

json::array Properties::listed() const {
  json::array list;
  for (const auto& [name, definition] : definitions_) {
    json::array options;
    for (const auto& option : definition.options) {
      options.emplace_back(json::object{{"label", option}, {"value", option}});
    }
    const auto* type = definition.type == PropertyType::kNumber        ? "number"
                       : definition.type == PropertyType::kDate        ? "date"
                       : definition.type == PropertyType::kEnumeration ? "enumeration"
                                                                       : "string";
    list.emplace_back(json::object{
        {"name", name},
        {"label", name},
        {"type", type},
        {"fieldType", "text"},
        {"groupName", "contactinformation"},
        {"description", ""},
        {"options", std::move(options)},
        {"modificationMetadata", json::object{{"archivable", true},
                                              {"readOnlyDefinition", false},
                                              {"readOnlyValue", definition.read_only}}}});
  }
  return list;
}

std::optional<PropertyError> Properties::refuse_email(const std::string& text) const {
  const auto address = lower(text);
  const auto at = address.find('@');
  const auto dot = address.rfind('.');
  const bool formed = at != std::string::npos && at > 0 && dot != std::string::npos && dot > at;
  const bool reserved = formed && kReservedDomains.contains(address.substr(dot + 1));
  if (formed && !reserved && !account_.refused_emails.contains(address)) return std::nullopt;
  return PropertyError{"INVALID_EMAIL", "email", "Email address " + text + " is invalid"};
}

std::optional<PropertyError> Properties::refuse_value(const std::string& name,
                                                      const json::value& value) const {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) {
    return PropertyError{"PROPERTY_DOESNT_EXIST", name, "Property \"" + name + "\" does not exist"};
  }
  const auto& definition = found->second;
  if (definition.read_only) {
    return PropertyError{"READ_ONLY_VALUE", name, "Property \"" + name + "\" is read only"};
  }
  const auto text = text_at({{name, value}}, name);
  if (name == "email") return refuse_email(text);
  if (text.empty()) return std::nullopt;  // clears the value
  switch (definition.type) {
    case PropertyType::kText:
      return std::nullopt;
    case PropertyType::kNumber:
      if (is_whole(text)) return std::nullopt;
      return PropertyError{"INVALID_INTEGER", name, text + " was not a valid integer."};
    case PropertyType::kDate:
      if (date_of(text)) return std::nullopt;
      return PropertyError{"INVALID_DATE", name, text + " was not a valid date."};
    case PropertyType::kEnumeration:
      if (definition.options.contains(text)) return std::nullopt;
      return PropertyError{"INVALID_OPTION", name, text + " was not one of the allowed options"};
  }
  return std::nullopt;
}

std::optional<PropertyError> Properties::missing(const json::object& values,
                                                 const Contact* existing) const {
  const auto after = [&](const std::string& name) {
    if (values.contains(name)) return text_at(values, name);
    if (existing == nullptr) return std::string{};
    if (name == "email") return existing->email;
    const auto found = existing->properties.find(name);
    return found == existing->properties.end() ? std::string{} : found->second;
  };
  if (existing == nullptr) {
    for (const auto& name : switches_.required_on_create) {
      if (after(name).empty()) return required("MISSING_REQUIRED_PROPERTY", name);
    }
  }
  for (const auto& rule : switches_.conditionally_required) {
    if (after(rule.property) == rule.value && after(rule.required).empty()) {
      return required("MISSING_CONDITIONAL_REQUIRED_PROPERTY", rule.required);
    }
  }
  return std::nullopt;
}

std::optional<PropertyError> Properties::refuse(const json::object& values, const Contact* existing,
                                                const std::string& version) const {
  for (const auto& [name, value] : values) {
    if (auto refused = refuse_value(std::string(name), value)) return refused;
  }
  return enforces_admin_rules(version) ? missing(values, existing) : std::nullopt;
}

std::map<std::string, std::string> Properties::stored(const json::object& values,
                                                      const std::string& version,
                                                      json::array& warnings) const {
  std::map<std::string, std::string> stored;
  for (const auto& [key, value] : values) {
    const std::string name(key);
    auto text = text_at(values, name);
    const auto found = definitions_.find(name);
    const bool is_date = found != definitions_.end() && found->second.type == PropertyType::kDate;
    if (is_date && enforces_admin_rules(version)) {
      const auto date = date_of(text);
      if (date && *date != text) {
        warnings.emplace_back(
            json::object{{"category", "PROPERTY_VALUE_NORMALIZED"},
                         {"message", "The value of " + name + " was normalized."},
                         {"context", json::object{{"propertyName", json::array{name}},
                                                  {"rawValue", json::array{text}},
                                                  {"normalizedValue", json::array{*date}}}}});
        text = *date;
      }
    }
    stored[name] = std::move(text);
  }
  return stored;
}

json::object Properties::shown(const Contact& contact,
                               const std::vector<std::string>& asked) const {
  std::vector<std::string> merged;
  for (const auto id : contact.merged_ids) merged.push_back(std::to_string(id));
  const auto value_of = [&](const std::string& name) -> std::string {
    if (name == "email") return contact.email;
    if (name == "hs_object_id") return std::to_string(contact.id);
    if (name == "createdate") return timestamp(contact.created);
    if (name == "lastmodifieddate") return timestamp(contact.updated);
    if (name == "hs_additional_emails") return joined(contact.additional_emails);
    if (name == "hs_merged_object_ids") {
      return switches_.merged_ids_in_properties ? joined(merged) : std::string{};
    }
    const auto found = contact.properties.find(name);
    return found == contact.properties.end() ? std::string{} : found->second;
  };
  json::object shown;
  const auto show = [&](const std::vector<std::string>& names) {
    for (const auto& name : names) {
      if (!definitions_.contains(name)) continue;
      auto value = value_of(name);
      shown[name] = value.empty() ? json::value{} : json::value(std::move(value));
    }
  };
  show(asked.empty() ? kShownByDefault : asked);
  show(kAlwaysShown);
  return shown;
}

}  // namespace muster::simulator
