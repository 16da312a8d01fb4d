#include "cohort/header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

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

//! A value rather than a name: an address, a number, a date, a telephone number, several lines.
bool looks_like_value(std::string_view cell) {
  constexpr std::size_t kLongestName = 64;
  if (cell.size() > kLongestName || cell.find('@') != std::string_view::npos) return true;
  std::size_t digits = 0;
  std::size_t others = 0;
  for (const char c : cell) {
    if (static_cast<unsigned char>(c) < 0x20) return true;
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (folded({&c, 1}) != "") {
      ++others;
    }
  }
  constexpr std::size_t kMostDigits = 5;  // of a name, as in "q4_2026"
  return digits > kMostDigits || (digits > 0 && digits >= others);
}

//! Folded. Rare as anybody's data.
bool is_usual_name(const std::string& name) {
  static const std::set<std::string> kUsual{
      "id",          "userid",     "amplitudeid", "externalid", "contactid", "hubspotid",
      "recordid",    "customerid", "accountid",   "uuid",       "email",     "emailaddress",
      "mail",        "useremail",  "firstname",   "lastname",   "fullname",  "phone",
      "phonenumber", "createdat",  "updatedat",   "identifier", "company",   "country"};
  return kUsual.contains(name);
}

std::size_t require_column(const std::vector<std::string>& header, const std::string& wanted,
                           const std::string& where, NamesFrom from) {
  if (const auto place = find_column(header, wanted, where)) return *place;
  if (from != NamesFrom::kQuery && !reads_as_header(header)) {
    throw Error(ErrorKind::kFailed, "source.missing_column",
                fmt::format("column '{}' is missing in the first line, whose {} cells do not read "
                            "as names of columns; they are not repeated here, since they may be "
                            "people's data",
                            wanted, header.size()))
        .at(where)
        .with_hint(from == NamesFrom::kExport
                       ? "the first line must name the columns; something else may have come in "
                         "the file's place, such as a page of a proxy"
                       : "the first line must name the columns; a file of identifiers alone, one a "
                         "line, needs 'header: false' in the source");
  }
  std::string there;
  for (const auto& name : header) {
    there += fmt::format("{}'{}'", there.empty() ? "" : ", ", name);
    if (there.size() > 200) {
      there += ", …";
      break;
    }
  }
  throw Error(ErrorKind::kFailed, "source.missing_column",
              fmt::format("column '{}' is missing; the {} {}", wanted,
                          from == NamesFrom::kQuery ? "query gives" : "header has", there))
      .at(where)
      .with_hint(did_you_mean(wanted, header));
}

}  // namespace

bool reads_as_header(const std::vector<std::string>& row) {
  const bool plain = std::none_of(row.begin(), row.end(), looks_like_value);
  return plain && std::any_of(row.begin(), row.end(),
                              [](const auto& name) { return is_usual_name(folded(name)); });
}

bool is_alias(std::string_view name, std::string_view wanted) {
  return folded(name) == folded(wanted);
}

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
    } else if (is_alias(header[i], wanted)) {
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
                          const std::optional<std::string>& id_column, const std::string& where,
                          NamesFrom from) {
  ColumnPlaces places;
  places.identifier = require_column(header, wanted.identifier, where, from);
  for (const auto& property : wanted.properties) {
    places.properties.push_back(require_column(header, property, where, from));
  }
  if (id_column) {
    places.source_id = require_column(header, *id_column, where, from);
    return places;
  }
  for (const auto* usual : {"user_id", "amplitude_id", "id"}) {
    places.source_id = find_column(header, usual, where);
    if (places.source_id) break;
  }
  return places;
}

}  // namespace muster
