// A cohort that a database gives for one query: its columns by name, NULL as empty.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "base/secret_reference.hpp"

namespace muster {

struct SqlOptions {
  //! A SQLite file, or where the URL of a PostgreSQL database is (it may hold a password).
  std::variant<std::filesystem::path, SecretReference> database;
  std::string shown_as;  //!< what errors call it
  std::string query;
  std::string query_where;               //!< file:line:column in muster.yaml
  std::optional<std::string> id_column;  //!< nothing: user id, Amplitude id or id
};

}  // namespace muster
