// muster init: writes a commented muster.yaml, by asking or from flags.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.hpp"
#include "schedule/cadence.hpp"
#include "schedule/source_budget.hpp"

namespace muster::cli {
namespace {

struct InitOptions {
  std::string cohort, source, column, as, auth, create, cadence, region;
};

//! A text as a YAML scalar: JSON's form is YAML's.
std::string scalar(const std::string& text) { return json::serialize(json::value(text)); }

//! As it stands within quotes, in SQL and in YAML's single ones.
std::string doubled(char quote, const std::string& text) {
  std::string within;
  for (const char c : text) within.append(c == quote ? 2 : 1, c);
  return within;
}

//! As it is where that is a name in SQL, else in quotes.
std::string column_in_sql(const std::string& column) {
  const bool plain =
      column.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
          std::string::npos &&
      (column.front() < '0' || column.front() > '9');
  if (plain) return column;
  return '"' + doubled('"', column) + '"';
}

Error bad_source(const std::string& text) {
  return Error(ErrorKind::kUsage, "init.source", fmt::format("'{}' is no source", text))
      .with_hint(
          "use csv:FILE, jsonl:FILE, sql:FILE, postgres:VARIABLE, amplitude:COHORT_ID or "
          "amplitude_s3:DIRECTORY");
}

//! "csv:people.csv" as the lines below `source:`.
std::string source_lines(const InitOptions& options) {
  const auto colon = options.source.find(':');
  if (colon == std::string::npos || colon + 1 == options.source.size()) {
    throw bad_source(options.source);
  }
  const auto kind = options.source.substr(0, colon);
  const auto what = options.source.substr(colon + 1);
  const auto query =
      fmt::format("      query: 'SELECT user_id, {} FROM people'   # one row a person\n",
                  doubled('\'', column_in_sql(options.column)));
  if (kind == "csv" || kind == "jsonl" || kind == "amplitude_s3") {
    return fmt::format("      {}: {}\n", kind, scalar(what));
  }
  if (kind == "sql") return fmt::format("      sql: {}\n{}", scalar(what), query);
  if (kind == "postgres") {
    return fmt::format("      sql: {{env: {}}}   # postgresql://user:password@host/database\n{}",
                       scalar(what), query);
  }
  if (kind != "amplitude") throw bad_source(options.source);
  return fmt::format(
      "      amplitude:\n"
      "        cohort: {}   # its id; `muster cohorts` lists them\n"
      "        region: {}\n"
      "        api_key: {{env: AMPLITUDE_API_KEY}}\n"
      "        secret_key: {{env: AMPLITUDE_SECRET_KEY}}\n",
      scalar(what), options.region);
}

std::string configuration(const InitOptions& options) {
  const auto* token =
      "    auth: {token: {env: HUBSPOT_TOKEN}}   # a service key, or a private app's token\n"
      "    # auth: {client_id: {env: HUBSPOT_CLIENT_ID}, client_secret: {env: "
      "HUBSPOT_CLIENT_SECRET}}   # an app (OAuth)\n";
  const auto* oauth =
      "    auth: {client_id: {env: HUBSPOT_CLIENT_ID}, client_secret: {env: "
      "HUBSPOT_CLIENT_SECRET}}   # an app (OAuth)\n"
      "    redirect_port: 8976   # http://localhost:8976/oauth/callback, as in the app\n"
      "    # auth: {token: {env: HUBSPOT_TOKEN}}   # a service key, or a private app's token\n";
  auto text = fmt::format(
      "# muster's workspace. Secrets are references, {{env: NAME}} or {{file: PATH}}; never write "
      "one "
      "here.\n"
      "# Next: muster check, muster connect marketing, muster plan cohort, muster sync cohort\n"
      "version: 1\n"
      "connections:\n"
      "  marketing:\n"
      "    destination: hubspot\n{}"
      "    rate_share: 80%   # of the account's quota, which other apps use too\n"
      "syncs:\n"
      "  cohort:\n"
      "    cohort: {}   # the list in HubSpot: amplitude_<cohort>\n"
      "    source:\n{}"
      "    connection: marketing\n"
      "    identifier: {{column: {}, as: {}}}   # as: email, or contact_id\n",
      options.auth == "oauth" ? oauth : token, scalar(options.cohort), source_lines(options),
      scalar(options.column), options.as);
  if (options.as == "email") {
    text += fmt::format(
        "    create_missing: {}   # true: people who are no contacts yet are created, and may be "
        "billed\n",
        options.create == "yes" ? "true" : "false");
  }
  text += fmt::format(
      "    cadence: {}   # of `muster serve`: manual, hourly, daily, daily at 06:30, every 15m, "
      "cron "
      "\"…\"\n"
      "    verify: true   # read the list back after each run\n"
      "    on_drift: report   # or repair\n"
      "    guard: {{max_removals: 30%}}   # a run that would remove more stops and asks\n",
      scalar(options.cadence));
  return text;
}

const std::vector<std::string> kRegions{"us", "eu"};
const std::vector<std::string> kKinds{"email", "contact_id"};
const std::vector<std::string> kYesNo{"yes", "no"};
const std::vector<std::string> kAuths{"token", "oauth"};

//! As `muster check` would refuse them, but at the flag: nothing is written.
void check_answers(const InitOptions& options) {
  const std::pair<const char*, const std::string*> needed[] = {{"--cohort", &options.cohort},
                                                               {"--column", &options.column}};
  for (const auto& [flag, answer] : needed) {
    if (!answer->empty()) continue;
    throw Error(ErrorKind::kUsage, "init.missing", fmt::format("{} is empty", flag))
        .with_hint("example: muster init --cohort 'Power Users' --source csv:people.csv");
  }
  try {
    static_cast<void>(Cadence::parse(options.cadence));
  } catch (const Error& error) {
    throw Error(error).at("--cadence");
  }
}

class Questions {
 public:
  Questions(const Shell& shell, const CLI::App& command) : shell_(shell), command_(command) {}

  //! Asks unless the flag was given; where nobody is here, `otherwise` stands, if there is one.
  //! Asks again for one of `choices`, where there are any.
  void ask(const char* flag, const char* question, const std::string& otherwise,
           std::string& answer, const std::vector<std::string>& choices = {}) const {
    if (command_.count(flag) > 0) return;
    answer = otherwise;
    if (::isatty(STDIN_FILENO) != 1 || shell_.yes || shell_.json_output) {
      if (!otherwise.empty()) return;
      throw Error(ErrorKind::kUsage, "init.missing", fmt::format("{} is missing", flag))
          .with_hint("example: muster init --cohort 'Power Users' --source csv:people.csv");
    }
    const auto of = choices.empty() ? "" : fmt::format(" ({})", fmt::join(choices, ", "));
    do {
      fmt::print(stderr, "{}{}{}: ", question, of,
                 otherwise.empty() ? "" : fmt::format(" [{}]", otherwise));
      std::string line;
      if (!std::getline(std::cin, line)) {
        throw Error(ErrorKind::kUsage, "init.missing", "no answer; nothing was written");
      }
      answer = line.empty() ? otherwise : line;
    } while (answer.empty() || !is_one_of(answer, choices));
  }

 private:
  static bool is_one_of(const std::string& answer, const std::vector<std::string>& choices) {
    return choices.empty() || std::find(choices.begin(), choices.end(), answer) != choices.end();
  }

  const Shell& shell_;
  const CLI::App& command_;
};

void write_new(const std::filesystem::path& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    const bool there = errno == EEXIST;
    throw Error(there ? ErrorKind::kUsage : ErrorKind::kFailed, "init.not_written",
                there ? "there is a muster.yaml already; it is left alone"
                      : fmt::format("can't write: {}", std::generic_category().message(errno)))
        .at(file.string())
        .with_hint("choose another directory with --workspace DIR");
  }
  const auto written = ::write(descriptor, text.data(), text.size());
  if (::close(descriptor) == 0 && written == static_cast<ssize_t>(text.size())) return;
  ::unlink(file.c_str());
  throw Error(ErrorKind::kFailed, "init.not_written", "can't write: the disk may be full")
      .at(file.string());
}

//! A flag that the others leave without effect is a misunderstanding.
void refuse_idle_flags(const CLI::App& command, const InitOptions& options) {
  const auto refuse = [&](const char* flag, bool has_effect, const char* needed) {
    if (has_effect || command.count(flag) == 0) return;
    throw Error(ErrorKind::kUsage, "init.no_effect",
                fmt::format("{} has an effect with {} alone", flag, needed))
        .at(flag)
        .with_hint("leave it out, or change the other flag; nothing was written");
  };
  refuse("--region", options.source.starts_with("amplitude:"), "--source amplitude:COHORT_ID");
  refuse("--create-missing", options.as == "email", "--as email");
}

void run(const Shell& shell, const CLI::App& command, InitOptions options) {
  const Questions questions(shell, command);
  questions.ask("--cohort", "Name of the cohort", "", options.cohort);
  questions.ask("--source",
                "Where it is (csv:FILE, jsonl:FILE, sql:FILE, postgres:VARIABLE, "
                "amplitude:COHORT_ID, amplitude_s3:DIRECTORY)",
                "", options.source);
  if (options.source.starts_with("amplitude:")) {
    questions.ask("--region", "Amplitude's region", "us", options.region, kRegions);
  }
  questions.ask("--as", "What people are identified by", "email", options.as, kKinds);
  questions.ask("--column", "The column that holds it",
                options.as == "email" ? "email" : "hubspot_id", options.column);
  if (options.as == "email") {
    questions.ask("--create-missing", "Create contacts that are missing", "no", options.create,
                  kYesNo);
  }
  questions.ask("--auth", "Access to HubSpot by", "token", options.auth, kAuths);
  questions.ask("--cadence", "When it runs by itself", "manual", options.cadence);
  refuse_idle_flags(command, options);
  check_answers(options);
  const auto directory = shell.workspace_directory();
  const auto file = directory / "muster.yaml";
  const auto text = configuration(options);
  // What is written can be read, or is not written.
  check_source_budgets(parse_workspace(text, file.string(), directory));
  write_new(file, text);
  shell.say(fmt::format("Written: {}\nNext: muster check", file.string()));
  shell.print(json::object{{"written", file.string()}});
}

}  // namespace

void add_init(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "init",
      "Write a commented muster.yaml: asks for what no flag gives. An existing one is left "
      "alone.\n\n"
      "Example:\n  muster init --cohort 'Power Users' --source csv:power_users.csv --as email");
  auto options = std::make_shared<InitOptions>();
  command->add_option("--cohort", options->cohort, "name of the cohort");
  command->add_option("--source", options->source,
                      "csv:FILE, jsonl:FILE, sql:FILE, postgres:VARIABLE, amplitude:COHORT_ID or "
                      "amplitude_s3:DIRECTORY");
  command->add_option("--region", options->region, "of Amplitude")->check(CLI::IsMember(kRegions));
  command->add_option("--as", options->as, "what people are identified by")
      ->check(CLI::IsMember(kKinds));
  command->add_option("--column", options->column, "the column that holds it");
  command->add_option("--create-missing", options->create, "create contacts that are missing")
      ->check(CLI::IsMember(kYesNo));
  command->add_option("--auth", options->auth, "access to HubSpot")->check(CLI::IsMember(kAuths));
  command->add_option("--cadence", options->cadence, "when it runs by itself");
  command->callback([&shell, command, options] { run(shell, *command, *options); });
}

}  // namespace muster::cli
