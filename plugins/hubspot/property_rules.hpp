// Which properties of contacts there are, and what they take: asked once, so that a mapping that
// can't work is told before anything is written. One thread.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "api.hpp"

namespace muster::hubspot {

class PropertyRules {
 public:
  explicit PropertyRules(Api& api) : api_(api) {}

  //! Throws Failure BAD_CONFIG that names a property which does not exist, is read-only, or holds
  //! what muster never writes; UNAVAILABLE when HubSpot does not tell now.
  void check(std::span<const muster_text> names);
  //! Throws Failure BAD_CONFIG when many values were given for a property and not one of them fits
  //! it: another column was meant. A few are rows of their own, and told as such.
  void check_values(std::span<const muster_text> names, const muster_operation* operations,
                    std::size_t count, std::size_t stride);

 private:
  struct Definition {
    std::string type;  //!< HubSpot's: string, number, bool, enumeration, date, datetime
    bool read_only = false;
    std::set<std::string, std::less<>> options;  //!< internal values, of an enumeration
  };
  void load();
  static bool fits(const Definition& definition, std::string_view value);

  Api& api_;
  bool loaded_ = false;
  std::map<std::string, Definition, std::less<>> definitions_;
  std::set<std::string, std::less<>> fitting_;  //!< properties of which a value fitted
};

}  // namespace muster::hubspot
