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
  PropertyRules(const sdk::Host& host, Api& api) : host_(host), api_(api) {}

  //! Throws Failure BAD_CONFIG that names a property which does not exist, is read-only, or holds
  //! what muster never writes; UNAVAILABLE when HubSpot does not tell now.
  void check(std::span<const muster_text> names);
  //! Throws Failure BAD_CONFIG when values are given for a property, not one of them fits it, and
  //! none of that column of the sync ever did: another column was meant. So it is where the batch
  //! is all that the run has, or its first part; a few values of a batch among many say nothing of
  //! the column, nor do those of new members where there is a list: the others' updates do.
  //! Values that do not fit otherwise are rows of their own, and told as such. `largest_batch`:
  //! what a run of more is given in parts of.
  void check_values(const muster_sync_request& request, std::size_t largest_batch);
  //! The batch was sent. Keeps for later runs which properties were seen to fit; `list` is the
  //! sync's.
  void remember(std::string_view list);

 private:
  struct Definition {
    std::string type;  //!< HubSpot's: string, number, bool, enumeration, date, datetime
    bool read_only = false;
    std::set<std::string, std::less<>> options;  //!< internal values, of an enumeration
  };
  //! Of the values that a batch gives for a property.
  struct Fit {
    std::size_t given = 0;  //!< as far as they were looked at
    bool some = false;
  };
  void load();
  void recall(std::string_view list);
  static Fit fit_of(const Definition& definition, const muster_sync_request& request,
                    std::size_t property);
  static bool is_text(const Definition& definition);
  static bool fits(const Definition& definition, std::string_view value);

  const sdk::Host host_;
  Api& api_;
  bool loaded_ = false;
  std::map<std::string, Definition, std::less<>> definitions_;
  std::string list_;  //!< of the sync that the following is of
  //! Properties of which a value fitted once, and the column that it came from.
  std::map<std::string, std::string, std::less<>> fitting_;
  std::string remembered_;  //!< them, as stored
  bool has_sent_ = false;   //!< a batch to it
};

}  // namespace muster::hubspot
