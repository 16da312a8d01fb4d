// muster check: reads everything, contacts nobody.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "schedule/cadence.hpp"
#include "schedule/source_budget.hpp"

namespace muster::cli {
namespace {

class Check {
 public:
  explicit Check(const Shell& shell) : shell_(shell) {}

  int run() {
    const auto workspace = shell_.open_workspace();
    workspace->look_only();
    check_plugins(workspace->plugins());
    if (workspace->has_state()) attempt([&] { workspace->vault(); });
    for (const auto& connection : workspace->config().connections) {
      if (attempt([&] { workspace->open(connection); })) {
        shell_.say(fmt::format("connection {}: good", connection.name));
      }
    }
    if (const auto& listen = workspace->config().listen) {
      for (const auto& header : listen->headers) {
        attempt([&] { resolve_header(header.first, header.second); });
      }
    }
    for (const auto& sync : workspace->config().syncs) check(*workspace, sync);
    if (cadences_are_good_) attempt([&] { check_source_budgets(*workspace); });
    json::array problems;
    for (const auto& error : problems_) {
      shell_.say(shell_.in(Colour::kBad, "problem") + " " + error_text(error));
      problems.emplace_back(error_json(error).at("error"));
    }
    shell_.say(problems_.empty()
                   ? "Everything is in order; nobody was contacted."
                   : fmt::format("{} found.", problems_.size() == 1
                                                  ? "1 problem"
                                                  : fmt::format("{} problems", problems_.size())));
    shell_.print(json::object{{"ok", problems_.empty()}, {"problems", problems}});
    return problems_.empty() ? 0 : exit_code(problems_.front().kind());
  }

 private:
  template <class Step>
  bool attempt(Step&& step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      // What several parts need is told once.
      const bool told = std::any_of(problems_.begin(), problems_.end(), [&](const Error& other) {
        return std::string_view(other.what()) == error.what();
      });
      if (!told) problems_.push_back(error);
      return false;
    }
  }

  //! Those that no connection names, too.
  void check_plugins(const PluginRegistry& plugins) {
    for (const auto& directory : plugins.missing_directories()) {
      problems_.push_back(Error(ErrorKind::kUsage, "plugin.directory",
                                "the directory of plugin manifests is not there")
                              .at(directory.string())
                              .with_hint("correct `plugins:` in muster.yaml, or make it"));
    }
    for (const auto& entry : plugins.entries()) {
      attempt([&] {
        if (entry.error) throw Error(*entry.error);
      });
    }
  }

  void check(Workspace& workspace, const SyncConfig& sync) {
    bool good = attempt([&] {
      try {
        static_cast<void>(Cadence::parse(sync.cadence));
      } catch (Error& error) {
        throw Error(error).at(sync.cadence_where);
      }
    });
    cadences_are_good_ &= good;
    good &= attempt([&] { workspace.check_source(sync); });
    if (good) {
      shell_.say(fmt::format("sync {}: {} as {} to '{}{}' ({})", sync.name, describe(sync.source),
                             sync.kind, name_text(workspace.config().list_prefix),
                             name_text(sync.cohort), sync.cadence));
    }
  }

  const Shell& shell_;
  std::vector<Error> problems_;
  bool cadences_are_good_ = true;
};

}  // namespace

void add_check(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "check",
      "Read all configuration, load plugins, open the sources' headers; contact nobody.\n\n"
      "Example:\n  muster check --workspace ~/marketing");
  command->callback([&shell] { shell.exit_code = Check(shell).run(); });
}

}  // namespace muster::cli
