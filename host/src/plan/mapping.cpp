#include "plan/mapping.hpp"

#include <utility>

namespace muster {
namespace {

bool is_blank(std::string_view value) noexcept {
  return value.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

}  // namespace

std::vector<MappedIdentifier> map_values(const Destination& destination, std::string_view kind,
                                         std::span<const std::string_view> values) {
  std::vector<MappedIdentifier> results(values.size());
  std::vector<std::string_view> asked;
  std::vector<std::size_t> places;
  asked.reserve(values.size());
  places.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_blank(values[i])) {
      results[i].reason = "no_identifier";
      continue;
    }
    asked.push_back(values[i]);
    places.push_back(i);
  }
  if (asked.empty()) return results;
  auto mapped = destination.map_identifiers(kind, asked);
  for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(mapped[i]);
  return results;
}

}  // namespace muster
