#include "cohort/source_config.hpp"

#include <fmt/format.h>

#include "cohort/amplitude_source.hpp"
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
    options.form.delimiter = read_delimiter(*delimiter);
  if (const auto* id = node.find("id_column")) options.form.id_column = id->as_text("id_column");
  if (const auto* header = node.find("header")) {
    options.form.header =
        header->as_bool("header") ? CsvForm::Header::kPresent : CsvForm::Header::kAbsent;
  }
  if (const auto* strict = node.find("strict"); strict != nullptr && strict->as_bool("strict")) {
    options.form.ragged_rows = CsvForm::RaggedRows::kRefuse;
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

std::string read_api_base(const YamlNode& node) {
  const auto& base = node.as_text("api_base");
  try {
    check_api_base(base);
  } catch (const Error& error) {
    throw Error(error).at(node.where());
  }
  return base;
}

AmplitudeProjectAccess parse_project(const YamlNode& node, const std::filesystem::path& workspace) {
  AmplitudeProjectAccess project;
  if (const auto* region = node.find("region")) {
    project.region = region->as_word("region", {"us", "eu"}) == 0
                         ? AmplitudeProjectAccess::Region::kUs
                         : AmplitudeProjectAccess::Region::kEu;
  }
  project.api_key = read_secret_reference(node.at("amplitude", "api_key"), "api_key", workspace);
  project.secret_key =
      read_secret_reference(node.at("amplitude", "secret_key"), "secret_key", workspace);
  if (const auto* base = node.find("api_base")) project.api_base = read_api_base(*base);
  return project;
}

AmplitudeOptions parse_amplitude(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_keys("source", {"amplitude", "id_column"});
  const auto& given = node.at("source", "amplitude");
  given.expect_keys("amplitude",
                    {"cohort", "region", "api_key", "secret_key", "properties", "api_base"});
  AmplitudeOptions options;
  options.project = parse_project(given, workspace);
  const auto& cohort = given.at("amplitude", "cohort");
  options.cohort = cohort.as_text("cohort");
  options.where = cohort.where();
  if (const auto* properties = given.find("properties")) {
    for (const auto& property : properties->as_list("properties")) {
      options.properties.push_back(property.as_text("properties"));
    }
  }
  if (const auto* id = node.find("id_column")) options.id_column = id->as_text("id_column");
  return options;
}

AmplitudeS3Options parse_amplitude_s3(const YamlNode& node,
                                      const std::filesystem::path& workspace) {
  node.expect_keys("source", {"amplitude_s3", "cohort", "id_column"});
  AmplitudeS3Options options;
  options.shown_as = node.at("source", "amplitude_s3").as_text("amplitude_s3");
  options.directory = workspace / options.shown_as;
  if (const auto* cohort = node.find("cohort")) options.cohort = cohort->as_text("cohort");
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
    return std::make_unique<SqliteSource>(options, environment.clock, environment.waiting);
  }
  std::unique_ptr<Source> operator()(const AmplitudeOptions& options) const {
    return std::make_unique<AmplitudeSource>(options, environment);
  }
  std::unique_ptr<Source> operator()(const AmplitudeS3Options& options) const {
    return std::make_unique<AmplitudeS3Source>(options, environment.waiting);
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
  void operator()(const AmplitudeOptions& options) const {
    static_cast<void>(options.project.api_key.resolve());
    static_cast<void>(options.project.secret_key.resolve());
  }
  void operator()(const AmplitudeS3Options& options) const {
    Making{environment}(options)->open(columns);
  }
};

//! What is pushed knows people by Amplitude's user id alone (amplitude/api.md §2).
class TakingPushes {
 public:
  explicit TakingPushes(const YamlNode& cohort)
      : node_(cohort), cohort_(cohort.as_text("cohort")) {}
  void operator()(CsvOptions& options) const {
    if (options.form.header == CsvForm::Header::kAbsent) {
      throw other_id("the file has no column of user ids: 'header: false'");
    }
    know_by_user_id(options.form.id_column);
  }
  void operator()(JsonlOptions& options) const { know_by_user_id(options.id_column); }
  void operator()(SqlOptions& options) const { know_by_user_id(options.id_column); }
  void operator()(AmplitudeOptions& options) const {
    expect_same(options.cohort);
    know_by_amplitudes_user_id(options.id_column);
    options.is_dated = true;
  }
  void operator()(AmplitudeS3Options& options) const {
    if (options.cohort.empty()) options.cohort = cohort_;
    expect_same(options.cohort);
    know_by_amplitudes_user_id(options.id_column);
  }

 private:
  Error other_id(const std::string& message) const {
    return node_.error("config.push_id", message)
        .with_hint(
            "a push knows people by their user id: name the source's column that holds it, such as "
            "id_column: user_id");
  }
  //! A column of the user's own, only the user knows.
  void know_by_user_id(std::optional<std::string>& column) const {
    if (!column) column = "user_id";
    if (!is_alias(*column, "amplitude_id")) return;
    throw other_id("the source knows its members by their Amplitude id");
  }
  void know_by_amplitudes_user_id(std::optional<std::string>& column) const {
    if (!column) column = "user_id";
    if (is_alias(*column, "user_id")) return;
    throw other_id(fmt::format("the source knows its members by '{}'", *column));
  }
  void expect_same(const std::string& source) const {
    if (source == cohort_) return;
    throw node_
        .error("config.push_cohort",
               fmt::format("the cohort {} is pushed, and {} is the source's", cohort_, source))
        .with_hint("give both the same id; `muster cohorts` lists those there are");
  }

  const YamlNode& node_;
  std::string cohort_;
};

struct IdColumn {
  std::optional<std::string> operator()(const CsvOptions& options) const {
    return options.form.id_column;
  }
  template <class Options>
  std::optional<std::string> operator()(const Options& options) const {
    return options.id_column;
  }
};

struct Describing {
  std::string operator()(const CsvOptions& options) const { return "csv " + options.shown_as; }
  std::string operator()(const JsonlOptions& options) const { return "jsonl " + options.shown_as; }
  std::string operator()(const SqlOptions& options) const { return "sql " + options.shown_as; }
  std::string operator()(const AmplitudeOptions& options) const {
    return fmt::format("cohort {} of Amplitude ({})", options.cohort,
                       to_word(options.project.region));
  }
  std::string operator()(const AmplitudeS3Options& options) const {
    return "Amplitude's files in " + options.shown_as;
  }
};

}  // namespace

SourceConfig parse_source(const YamlNode& node, const std::filesystem::path& workspace) {
  node.expect_map("source");
  if (node.find("csv") != nullptr) return parse_csv(node, workspace);
  if (node.find("jsonl") != nullptr) return parse_jsonl(node, workspace);
  if (node.find("sql") != nullptr) return parse_sql(node, workspace);
  if (node.find("amplitude") != nullptr) return parse_amplitude(node, workspace);
  if (node.find("amplitude_s3") != nullptr) return parse_amplitude_s3(node, workspace);
  node.expect_keys("source", {"csv", "jsonl", "sql", "amplitude", "amplitude_s3"});
  throw node.error("config.source", "a source needs a kind")
      .with_hint("such as: source: {csv: cohorts/power_users.csv}");
}

void expect_pushes_of(const YamlNode& cohort, SourceConfig& config) {
  std::visit(TakingPushes(cohort), config);
}

std::string user_id_column(const SourceConfig& config) {
  return std::visit(IdColumn{}, config).value_or("user_id");
}

std::unique_ptr<Source> make_source(const SourceConfig& config, SourceEnvironment environment) {
  return std::visit(Making{environment}, config);
}

void check_source(const SourceConfig& config, const Columns& columns,
                  SourceEnvironment environment) {
  std::visit(Checking{columns, environment}, config);
}

bool is_counted(const SourceConfig& config) {
  return std::holds_alternative<AmplitudeOptions>(config);
}

std::optional<SourceBudget> known_budget(const SourceConfig& config,
                                         const SourceEnvironment& environment) {
  const auto* amplitude = std::get_if<AmplitudeOptions>(&config);
  if (amplitude == nullptr) return std::nullopt;
  return known_budget(*amplitude, environment);
}

bool costs_again(const SourceConfig& config, const Columns& columns,
                 const SourceEnvironment& environment, Instant since) {
  const auto* amplitude = std::get_if<AmplitudeOptions>(&config);
  return amplitude != nullptr && costs_again(*amplitude, columns, environment, since);
}

bool is_standard_input(const SourceConfig& config) {
  const auto* csv = std::get_if<CsvOptions>(&config);
  const auto* jsonl = std::get_if<JsonlOptions>(&config);
  const std::string pattern = csv != nullptr     ? csv->pattern
                              : jsonl != nullptr ? jsonl->pattern
                                                 : "";
  return pattern == "-" || pattern == "/dev/stdin" || pattern == "/dev/fd/0" ||
         pattern == "/proc/self/fd/0";
}

std::string describe(const SourceConfig& config) { return std::visit(Describing{}, config); }

}  // namespace muster
