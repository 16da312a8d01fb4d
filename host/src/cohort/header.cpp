#include "cohort/header.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/nearest.hpp"

namespace muster {
namespace {

std::string folded(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-' || c == '\t') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

std::size_t require_column(const std::vector<std::string>& header, const std::string& wanted,
                           const std::string& where) {
  if (const auto place = find_column(header, wanted, where)) return *place;
  std::string there;
  for (const auto& name : header) {
    there += fmt::format("{}'{}'", there.empty() ? "" : ", ", name);
    if (there.size() > 200) {
      there += ", …";
      break;
    }
  }
  throw Error(ErrorKind::kFailed, "source.missing_column",
              fmt::format("column '{}' is missing; the header has {}", wanted, there))
      .at(where)
      .with_hint(did_you_mean(wanted, header));
}

}  // namespace

std::optional<std::size_t> find_column(const std::vector<std::string>& header,
                                       std::string_view wanted, const std::string& where) {
  std::optional<std::size_t> exact;
  std::optional<std::size_t> alike;
  int exact_count = 0;
  int alike_count = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == wanted) {
      exact = exact ? exact : i;
      ++exact_count;
    } else if (folded(header[i]) == folded(wanted)) {
      alike = alike ? alike : i;
      ++alike_count;
    }
  }
  if (exact_count > 1 || (!exact && alike_count > 1)) {
    throw Error(ErrorKind::kFailed, "source.ambiguous_column",
                fmt::format("more than one column is called '{}'", wanted))
        .at(where)
        .with_hint("rename all but one");
  }
  return exact ? exact : alike;
}

ColumnPlaces find_columns(const std::vector<std::string>& header, const Columns& wanted,
                          const std::optional<std::string>& id_column, const std::string& where) {
  ColumnPlaces places;
  places.identifier = require_column(header, wanted.identifier, where);
  for (const auto& property : wanted.properties) {
    places.properties.push_back(require_column(header, property, where));
  }
  if (id_column) {
    places.source_id = require_column(header, *id_column, where);
    return places;
  }
  for (const auto* usual : {"user_id", "amplitude_id", "id"}) {
    places.source_id = find_column(header, usual, where);
    if (places.source_id) break;
  }
  return places;
}

}  // namespace muster
