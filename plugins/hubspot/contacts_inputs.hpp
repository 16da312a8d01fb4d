// The inputs of one resolution while it goes on: shared by the parts of Contacts.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contacts.hpp"

namespace muster::hubspot {

//! What is being resolved: texts, results, and where a text's result goes.
struct Contacts::Inputs {
  enum class By { kEmail, kId } by;
  std::vector<std::string_view> texts;
  std::vector<Resolution> results;
  std::vector<Creation> creation;
  std::span<const muster_text> names;                 //!< of properties
  std::vector<std::span<const muster_text>> values;   //!< of properties, for each place
  std::vector<std::set<std::size_t>> refused_values;  //!< of them: by HubSpot, with a creation
  std::vector<bool> was_read;                         //!< it was looked for, and not found
  //! An answer left it out that told something of others: alone, its answer can only be its own.
  std::vector<bool> left_out;
  std::size_t unclaimed = 0;  //!< contacts in answers that say of none of the inputs

  Inputs(By what, std::size_t count)
      : by(what),
        results(count),
        values(count),
        refused_values(count),
        was_read(count),
        left_out(count) {}

  bool is_open(std::size_t place) const { return results[place].state == Resolution::State::kOpen; }
  void set(std::size_t place, Resolution::State state) { results[place].state = state; }
  void found(std::size_t place, const std::string& id) {
    results[place].state = Resolution::State::kFound;
    results[place].record_id = id;
  }
  void refuse(std::size_t place, std::string detail) {
    results[place].state = Resolution::State::kRejected;
    results[place].detail = std::move(detail);
  }
  //! What a contact of that place is created with.
  bool is_given(std::size_t place, std::size_t value) const {
    return value < names.size() && value < values[place].size() && values[place][value].size > 0 &&
           !refused_values[place].contains(value);
  }
  //! True when `refusal` names a property whose value was given: it is given no more.
  bool leave_out(std::size_t place, std::string_view refusal) {
    const auto colon = refusal.find(':');
    if (colon == std::string_view::npos) return false;
    const auto property = refusal.substr(colon + 1);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (sdk::view(names[i]) != property || !is_given(place, i)) continue;
      refused_values[place].insert(i);
      return true;
    }
    return false;
  }
  void created(std::size_t place) {
    results[place].created = true;
    results[place].values_left_out = !refused_values[place].empty();
  }
  std::size_t hash_of(const Places& places) const {
    std::size_t hash = places.size() * 2 + (by == By::kEmail ? 1 : 0);
    for (const auto place : places) {
      hash = hash * 1'099'511'628'211U + std::hash<std::string_view>{}(texts[place]);
    }
    return hash | 1U;
  }
  std::vector<Resolution> take() {
    for (auto& result : results) {
      if (result.state == Resolution::State::kOpen) result.state = Resolution::State::kSkipped;
    }
    return std::move(results);
  }
};

}  // namespace muster::hubspot
