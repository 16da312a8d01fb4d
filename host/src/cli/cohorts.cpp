// muster cohorts: what an Amplitude project lists, so that one can be picked.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "cohort/amplitude_catalog.hpp"

namespace muster::cli {
namespace {

struct CohortsOptions {
  std::string name;
  std::string region = "us";
  std::string api_key = "AMPLITUDE_API_KEY";
  std::string secret_key = "AMPLITUDE_SECRET_KEY";
  std::string api_base;
};

//! Remembers nothing: to list costs nothing of a budget.
class NoMemory final : public SourceMemory {
 public:
  std::optional<std::string> get(std::string_view) override { return std::nullopt; }
  void update(std::string_view, const Change&) override {}
  std::string name_of(std::string_view) override { return {}; }
};

//! A project, and the first sync of it; no sync where the keys are the environment's.
struct Project {
  std::string sync;
  AmplitudeProjectAccess access;
};

bool is_same(const AmplitudeProjectAccess& one, const AmplitudeProjectAccess& other) {
  return address_of(one) == address_of(other) && one.api_key.kind == other.api_key.kind &&
         one.api_key.name == other.api_key.name;
}

//! The project of a sync, or each of a connection's syncs.
std::vector<Project> projects_of(const WorkspaceConfig& config, const std::string& name) {
  std::vector<Project> projects;
  for (const auto& sync : config.syncs) {
    const auto* source = std::get_if<AmplitudeOptions>(&sync.source);
    if (source == nullptr || (sync.name != name && sync.connection != name)) continue;
    const bool is_known = std::any_of(
        projects.begin(), projects.end(),
        [&](const Project& project) { return is_same(project.access, source->project); });
    if (!is_known) projects.push_back({sync.name, source->project});
  }
  if (!projects.empty()) return projects;
  throw Error(
      ErrorKind::kUsage, "cohorts.no_project",
      fmt::format("muster.yaml has no sync from Amplitude that is, or belongs to, '{}'", name))
      .with_hint(
          "name a sync with 'source: {amplitude: …}', or give no name and set AMPLITUDE_API_KEY "
          "and AMPLITUDE_SECRET_KEY");
}

AmplitudeProjectAccess project_of(const CohortsOptions& options) {
  AmplitudeProjectAccess project;
  project.region = options.region == "eu" ? AmplitudeProjectAccess::Region::kEu
                                          : AmplitudeProjectAccess::Region::kUs;
  const auto variable = [](const std::string& name) {
    return SecretReference{SecretReference::Kind::kEnvironment, name, {}};
  };
  project.api_key = variable(options.api_key);
  project.secret_key = variable(options.secret_key);
  project.api_base = options.api_base;
  if (!project.api_base.empty()) {
    try {
      check_api_base(project.api_base);
    } catch (const Error& error) {
      throw Error(error).at("--api-base");
    }
  }
  return project;
}

const char* word_of(AmplitudeProjectAccess::Region region) {
  return region == AmplitudeProjectAccess::Region::kEu ? "eu" : "us";
}

std::vector<ListedCohort> cohorts_of(const Shell& shell, const Project& project) {
  NoMemory memory;
  Waiting waiting{&shell.cancellation(), {}};
  waiting.tell = [&shell](const std::string& text) { shell.tell("muster: " + text); };
  const SourceEnvironment environment{shell.clock(), shell.environment().make_transport, memory,
                                      waiting};
  AmplitudeApi api(project.access, environment);
  return list_cohorts(api);
}

json::object to_json(const Project& project, const ListedCohort& cohort) {
  return {{"id", cohort.id},
          {"name", cohort.name},
          {"size", cohort.size},
          {"last_computed", cohort.last_computed ? json::value(utc_text(*cohort.last_computed))
                                                 : json::value(nullptr)},
          {"archived", cohort.archived},
          {"region", word_of(project.access.region)},
          {"sync", project.sync.empty() ? json::value(nullptr) : json::value(project.sync)}};
}

void say(const Shell& shell, const std::vector<ListedCohort>& cohorts) {
  shell.say(fmt::format("{:<12} {:>10}  {:<17} {}", "id", "people", "last computed", "name"));
  for (const auto& cohort : cohorts) {
    const auto computed = cohort.last_computed ? time_text(*cohort.last_computed) : "never";
    shell.say(fmt::format("{:<12} {:>10}  {:<17} {}{}", escape_control(cohort.id), cohort.size,
                          computed, escape_control(cohort.name),
                          cohort.archived ? shell.in(Colour::kWarn, " (archived)") : ""));
  }
  if (cohorts.empty()) {
    shell.say("The project lists no cohort: only discoverable ones are listed.");
  }
}

//! Nothing is told before all projects have answered.
void list(const Shell& shell, const CohortsOptions& options) {
  std::vector<Project> projects;
  if (options.name.empty()) {
    projects.emplace_back().access = project_of(options);
  } else {
    projects = projects_of(read_workspace(shell.workspace_directory()), options.name);
  }
  std::vector<std::vector<ListedCohort>> cohorts;
  for (const auto& project : projects) cohorts.push_back(cohorts_of(shell, project));
  json::array entries;
  for (std::size_t i = 0; i < projects.size(); ++i) {
    if (projects.size() > 1) {
      shell.say(fmt::format("{}the project of '{}' ({}):", i == 0 ? "" : "\n", projects[i].sync,
                            word_of(projects[i].access.region)));
    }
    say(shell, cohorts[i]);
    for (const auto& cohort : cohorts[i]) entries.emplace_back(to_json(projects[i], cohort));
  }
  shell.print(entries);
}

}  // namespace

void add_cohorts(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "cohorts",
      "List the cohorts of an Amplitude project: id, size, last computed, name.\n"
      "NAME is a sync whose source is Amplitude, or a connection that has one; without a name, the "
      "keys are taken from the environment, and no workspace is needed.\n\n"
      "Example:\n  AMPLITUDE_API_KEY=… AMPLITUDE_SECRET_KEY=… muster cohorts --region eu");
  auto options = std::make_shared<CohortsOptions>();
  auto* name = command->add_option("NAME", options->name, "a sync or a connection of muster.yaml");
  // What stands in muster.yaml is not overridden.
  command->add_option("--region", options->region, "us or eu, without NAME")
      ->check(CLI::IsMember({"us", "eu"}))
      ->excludes(name);
  command
      ->add_option("--api-key-env", options->api_key,
                   "the variable with the API key (default: AMPLITUDE_API_KEY), without NAME")
      ->excludes(name);
  command
      ->add_option("--secret-key-env", options->secret_key,
                   "the variable with the secret key (default: AMPLITUDE_SECRET_KEY), without NAME")
      ->excludes(name);
  command
      ->add_option("--api-base", options->api_base,
                   "another address, such as the simulator's, without NAME")
      ->excludes(name);
  command->callback([&shell, options] { list(shell, *options); });
}

}  // namespace muster::cli
