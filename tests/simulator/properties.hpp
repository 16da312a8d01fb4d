// The properties of contacts: which there are, what they refuse, how they are stored and shown
// (hubspot/api.md §1.1, §4, §4.5).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulator/account.hpp"
#include "simulator/errors.hpp"
#include "simulator/json_fields.hpp"
#include "simulator/switches.hpp"

namespace muster::simulator {

enum class PropertyType { kText, kNumber, kDate, kEnumeration };

struct PropertyDefinition {
  PropertyType type = PropertyType::kText;
  bool read_only = false;
  std::set<std::string> options{};  //!< internal values, of an enumeration
};

class Properties {
 public:
  Properties(const Account& account, const Switches& switches);

  //! As an admin defines one, or changes it.
  void define(const std::string& name, PropertyDefinition definition);
  //! All of them, as GET /crm/properties lists them (§4 names no more than their rules; the shape
  //! is that of HubSpot's other versions).
  json::array listed() const;
  //! Why these values can't be written; nothing when they can. `existing`: none when creating.
  //! The rules of §1.1 hold on 2026-09 paths alone.
  std::optional<PropertyError> refuse(const json::object& values, const Contact* existing,
                                      const std::string& version) const;
  //! Values as they are stored. On 2026-09, dates are normalised, and told in `warnings`.
  std::map<std::string, std::string> stored(const json::object& values, const std::string& version,
                                            json::array& warnings) const;
  //! As a read shows them: those asked for, else the default ones; unknown names are left out,
  //! values never set are null (§4).
  json::object shown(const Contact& contact, const std::vector<std::string>& asked) const;

 private:
  std::optional<PropertyError> refuse_value(const std::string& name,
                                            const json::value& value) const;
  std::optional<PropertyError> refuse_email(const std::string& text) const;
  std::optional<PropertyError> missing(const json::object& values, const Contact* existing) const;

  const Account& account_;
  const Switches& switches_;
  std::map<std::string, PropertyDefinition> definitions_;
};

}  // namespace muster::simulator
