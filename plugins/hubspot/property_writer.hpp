// Writes mapped properties of contacts that exist: batch/update by record id, each input accounted
// for (hubspot/api.md §4.1, §4.3, §4.7). Writes nothing else of them. One thread.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "contacts.hpp"

namespace muster::hubspot {

struct PropertyWrite {
  std::string record_id;
  std::span<const muster_text> values;  //!< in the order of the names; an empty one clears
};

class PropertyWriter {
 public:
  PropertyWriter(Api& api, Contacts& contacts) : api_(api), contacts_(contacts) {}

  //! One result for each write; kFound: written, to the contact that `record_id` names.
  std::vector<Resolution> write(std::span<const PropertyWrite> writes,
                                std::span<const muster_text> names);

 private:
  struct Writing;
  void send_all(Writing& writing, const Places& places);
  void send(Writing& writing, Places places);
  static bool kept_its_stage(const Writing& writing, std::size_t place, const json::value& contact);
  using PlacesByName = std::map<std::string, std::size_t, std::less<>>;
  void take(Writing& writing, const Places& places, const Answer& answer);
  static void take_fault(Resolution& result, const ErrorFacts& facts);
  static bool take_error(Writing& writing, const ErrorFacts& facts, const json::array* names,
                         const PlacesByName& places);
  void follow_merges(Writing& writing);
  //! One contact alone.
  static void refuse(Writing& writing, std::size_t place, const Answer& answer);

  Api& api_;
  Contacts& contacts_;
};

}  // namespace muster::hubspot
