// Which column of a file is meant by a name: exact first, then whatever differs only in case,
// spaces, hyphens and underscores (`user_id`, `userID`, `e-mail`). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/source.hpp"

namespace muster {

//! Places of the columns that a run asked for.
struct ColumnPlaces {
  std::size_t identifier = 0;
  std::optional<std::size_t> source_id;
  std::vector<std::size_t> properties;
};

//! Whether `name` differs from `wanted` only in case, spaces, hyphens and underscores.
bool is_alias(std::string_view name, std::string_view wanted);

//! The place of `wanted`; nothing when there is none. Throws Error when two columns fit equally.
std::optional<std::size_t> find_column(const std::vector<std::string>& header,
                                       std::string_view wanted, const std::string& where);

//! Whether a row reads as names of columns, so that it may be shown to people: nothing in it looks
//! like a value, and one of them is a usual name. The first line of a file without a header is
//! somebody's data.
bool reads_as_header(const std::vector<std::string>& row);

enum class NamesFrom {
  kFile,    //!< the first line, which may be somebody's data
  kExport,  //!< the same of a file that always has a header
  kQuery,   //!< a query's columns, which never are
};

//! Throws Error when a column is missing, naming the nearest one and those there are where they
//! read as names. `where` is that of the header. `source_id` is the column `id_column`, or else the
//! first of user id, Amplitude id and id that exists.
ColumnPlaces find_columns(const std::vector<std::string>& header, const Columns& wanted,
                          const std::optional<std::string>& id_column, const std::string& where,
                          NamesFrom from = NamesFrom::kFile);

}  // namespace muster
