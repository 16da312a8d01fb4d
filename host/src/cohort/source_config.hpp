// The `source:` of a sync in muster.yaml, and the source that it describes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "base/strict_yaml.hpp"
#include "cohort/csv_source.hpp"

namespace muster {

//! One alternative for each kind of source.
using SourceConfig = std::variant<CsvOptions>;

//! Reads the node under `source`; relative paths belong to `workspace`. Throws Error with
//! file:line:column.
SourceConfig parse_source(const YamlNode& node, const std::filesystem::path& workspace);

std::unique_ptr<Source> make_source(const SourceConfig& config);

//! For people: what kind of source, and where.
std::string describe(const SourceConfig& config);

}  // namespace muster
