#include "cohort/source_config.hpp"

#include <fmt/format.h>

#include "cohort/postgres_source.hpp"
#include "cohort/sqlite_source.hpp"

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

JsonlOptions parse_jsonl(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_keys("source", {"jsonl", "id_column"});
  JsonlOptions options;
  options.shown_as = node.at("source", "jsonl").as_text("jsonl");
  options.pattern = options.shown_as == "-" ? "-" : workspace / options.shown_as;
  if (const auto* id = node.find("id_column")) options.id_column = id->as_text("id_column");
  return options;
}

SqlOptions parse_sql(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_keys("source", {"sql", "query", "id_column"});
  SqlOptions options;
  const auto& database = node.at("source", "sql");
  if (database.is_map()) {
    const auto reference = read_secret_reference(database, "sql", workspace);
    options.shown_as = fmt::format("the database of {}", reference.name);
    options.database = reference;
  } else {
    options.shown_as = database.as_text("sql");
    if (options.shown_as.find("://") != std::string::npos) {
      // Not repeated: it may hold a password.
      throw database
          .error("config.literal_secret",
                 "the URL of a database must be a reference: it may hold a password")
          .with_hint(
              "write sql: {env: DATABASE_URL} or sql: {file: PATH}; if it held a real password, "
              "change it");
    }
    options.database = workspace / options.shown_as;
  }
  const auto& query = node.at("source", "query");
  options.query = query.as_text("query");
  options.query_where = query.where();
  if (const auto* id = node.find("id_column")) options.id_column = id->as_text("id_column");
  return options;
}

//! Standard input or a named pipe: what is read of it is gone.
bool is_pipe(const std::filesystem::path& file) {
  std::error_code unknown;
  return file == "-" || std::filesystem::is_fifo(file, unknown);
}

//! Makes the source of each kind.
struct Making {
  SourceEnvironment& environment;
  std::unique_ptr<Source> operator()(const CsvOptions& options) const {
    return std::make_unique<CsvSource>(options, environment.waiting);
  }
  std::unique_ptr<Source> operator()(const JsonlOptions& options) const {
    return std::make_unique<JsonlSource>(options, environment.waiting);
  }
  std::unique_ptr<Source> operator()(const SqlOptions& options) const {
    if (std::holds_alternative<SecretReference>(options.database)) {
      return std::make_unique<PostgresSource>(options, environment.clock, environment.waiting);
    }
    return std::make_unique<SqliteSource>(options, environment.waiting);
  }
};

//! Looks at as much as is to be had without contacting anybody.
struct Checking {
  const Columns& columns;
  SourceEnvironment& environment;
  void operator()(const CsvOptions& options) const {
    if (!is_pipe(options.pattern)) Making{environment}(options)->open(columns);
  }
  void operator()(const JsonlOptions& options) const {
    constexpr int kLines = 1'000;  // enough for a key that is never there to be missed
    if (is_pipe(options.pattern)) return;
    const auto source = Making{environment}(options);
    source->open(columns);
    for (int i = 0; i < kLines && source->next(); ++i) {
    }
  }
  void operator()(const SqlOptions& options) const {
    if (const auto* url = std::get_if<SecretReference>(&options.database)) {
      static_cast<void>(url->resolve());
    } else {
      Making{environment}(options)->open(columns);
    }
  }
};

struct Describing {
  std::string operator()(const CsvOptions& options) const { return "csv " + options.shown_as; }
  std::string operator()(const JsonlOptions& options) const { return "jsonl " + options.shown_as; }
  std::string operator()(const SqlOptions& options) const { return "sql " + options.shown_as; }
};

}  // namespace

SourceConfig parse_source(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_map("source");
  if (node.find("csv") != nullptr) return parse_csv(node, workspace);
  if (node.find("jsonl") != nullptr) return parse_jsonl(node, workspace);
  if (node.find("sql") != nullptr) return parse_sql(node, workspace);
  node.expect_keys("source", {"csv", "jsonl", "sql"});
  throw node.error("config.source", "a source needs a kind")
      .with_hint("such as: source: {csv: cohorts/power_users.csv}");
}

std::unique_ptr<Source> make_source(const SourceConfig& config, SourceEnvironment environment) {
  return std::visit(Making{environment}, config);
}

void check_source(const SourceConfig& config, const Columns& columns,
                  SourceEnvironment environment) {
  std::visit(Checking{columns, environment}, config);
}

std::string describe(const SourceConfig& config) { return std::visit(Describing{}, config); }

}  // namespace muster
