#include "cohort/source_config.hpp"

#include <fmt/format.h>

namespace muster {
namespace {

char read_delimiter(const YamlNode& node) {
  const auto& text = node.as_text("delimiter");
  if (text == "tab" || text == "\t") return '\t';
  if (text == "," || text == ";" || text == "|") return text[0];
  throw node.error("config.delimiter", "'delimiter' must be one of ',', ';', '|' and tab");
}

CsvOptions parse_csv(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_keys("source", {"csv", "delimiter", "header", "id_column", "strict"});
  CsvOptions options;
  options.shown_as = node.at("source", "csv").as_text("csv");
  const bool is_stream = options.shown_as == "-";
  options.pattern = is_stream ? "-" : workspace / options.shown_as;
  if (const auto* delimiter = node.find("delimiter"))
    options.delimiter = read_delimiter(*delimiter);
  if (const auto* id = node.find("id_column")) options.id_column = id->as_text("id_column");
  if (const auto* header = node.find("header")) {
    options.header =
        header->as_bool("header") ? CsvOptions::Header::kPresent : CsvOptions::Header::kAbsent;
  }
  if (const auto* strict = node.find("strict"); strict != nullptr && strict->as_bool("strict")) {
    options.ragged_rows = CsvOptions::RaggedRows::kRefuse;
  }
  return options;
}

//! Standard input or a named pipe: what is read of it is gone.
bool is_pipe(const std::filesystem::path& file) {
  std::error_code unknown;
  return file == "-" || std::filesystem::is_fifo(file, unknown);
}

}  // namespace

SourceConfig parse_source(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_map("source");
  if (node.find("csv") != nullptr) return parse_csv(node, workspace);
  node.expect_keys("source", {"csv"});
  throw node.error("config.source", "a source needs a kind")
      .with_hint("such as: source: {csv: cohorts/power_users.csv}");
}

std::unique_ptr<Source> make_source(const SourceConfig& config, SourceEnvironment environment) {
  return std::make_unique<CsvSource>(std::get<CsvOptions>(config), environment.waiting);
}

void check_source(const SourceConfig& config, const Columns& columns,
                  SourceEnvironment environment) {
  if (is_pipe(std::get<CsvOptions>(config).pattern)) return;
  make_source(config, std::move(environment))->open(columns);
}

std::string describe(const SourceConfig& config) {
  return fmt::format("csv {}", std::get<CsvOptions>(config).shown_as);
}

}  // namespace muster
