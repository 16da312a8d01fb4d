// The `source:` of a sync in muster.yaml, and the source that it describes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "base/strict_yaml.hpp"
#include "cohort/amplitude_options.hpp"
#include "cohort/amplitude_s3_source.hpp"
#include "cohort/csv_source.hpp"
#include "cohort/jsonl_source.hpp"
#include "cohort/sql_options.hpp"

namespace muster {

//! One alternative for each kind of source.
using SourceConfig =
    std::variant<CsvOptions, JsonlOptions, SqlOptions, AmplitudeOptions, AmplitudeS3Options>;

//! Reads the node under `source`; relative paths belong to `workspace`. Throws Error with
//! file:line:column.
SourceConfig parse_source(const YamlNode& node, const std::filesystem::path& workspace);

//! Makes `config` one that changes pushed of the cohort of that id can be laid over: its members
//! are known by the user id. Throws Error, at the node, where it is of another cohort, or knows its
//! members by another id.
void expect_pushes_of(const YamlNode& cohort, SourceConfig& config);

//! The column by which a source that changes are laid over knows the user ids.
std::string user_id_column(const SourceConfig& config);

//! `environment`'s parts must outlive the source.
std::unique_ptr<Source> make_source(const SourceConfig& config, SourceEnvironment environment);

//! What can be known of a source without contacting anybody and without taking what can be read
//! only once (standard input): whether files, columns and references are there. Throws Error.
void check_source(const SourceConfig& config, const Columns& columns,
                  SourceEnvironment environment);

//! Whether each reading of the source counts against a limit of it.
bool is_counted(const SourceConfig& config);

//! What is known of the limits of a source without contacting anybody; nothing where it has none.
//! Throws Error when a reference leads nowhere.
std::optional<SourceBudget> known_budget(const SourceConfig& config,
                                         const SourceEnvironment& environment);

//! Whether another try to read the source would count against its limits a second time, a reading
//! since `since` having left nothing that could be read again. Throws Error when a reference leads
//! nowhere.
bool costs_again(const SourceConfig& config, const Columns& columns,
                 const SourceEnvironment& environment, Instant since);

//! Whether it is read from standard input, which only a run by hand has.
bool is_standard_input(const SourceConfig& config);

//! For people: what kind of source, and where.
std::string describe(const SourceConfig& config);

}  // namespace muster
