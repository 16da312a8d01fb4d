// muster history: the runs that were.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/words.hpp"

namespace muster::cli {
namespace {

struct Asked {
  std::string sync;
  std::string status;
  std::size_t limit = 20;
};

void show_history(const Shell& shell, const Asked& asked) {
  const auto workspace = shell.open_workspace();
  workspace->look_only();
  if (!asked.sync.empty()) workspace->config().sync(asked.sync);  // or told which there are
  json::array runs;
  if (workspace->has_state()) {
    // A filter by status may have to look further back.
    const auto most = asked.status.empty() ? asked.limit : std::size_t{100'000};
    for (const auto& run : workspace->store().runs(asked.sync, most)) {
      if (!asked.status.empty() && asked.status != to_word(run.status)) continue;
      if (runs.size() == asked.limit) break;
      const auto& figures = run.figures;
      auto object = to_json(run);
      object["started"] = run.started.time_since_epoch().count();
      object["started_by"] = run.started_by == StartedBy::kPerson ? "person" : "schedule";
      if (!run.error_code.empty()) {
        object["error"] = json::object{{"code", run.error_code}, {"message", run.error_message}};
      }
      if (runs.empty()) {
        shell.say(fmt::format("{:>5} {:<16} {:<18} {:<20} {:>8} {:>7} {:>7} {:>7}", "run",
                              "started", "sync", "status", "listed", "added", "removed",
                              "dropped"));
      }
      runs.emplace_back(std::move(object));
      std::uint64_t dropped = 0;
      for (const auto& [reason, count] : figures.dropped) dropped += count;
      shell.say(fmt::format("{:>5} {:<16} {:<18.18} {:<20} {:>8} {:>7} {:>7} {:>7}",
                            static_cast<std::int64_t>(run.id), time_text(run.started), run.sync,
                            to_word(run.status), figures.listed, figures.added, figures.removed,
                            dropped));
      const auto who = run.started_by == StartedBy::kPerson ? "a person" : "the schedule";
      auto detail = fmt::format("      started by {}, {}, {}", who, counted(figures.calls, "call"),
                                seconds_text(figures.duration));
      if (figures.throttled > Milliseconds{0}) {
        detail += fmt::format(", {} throttled", seconds_text(figures.throttled));
      }
      shell.say(shell.in(Colour::kDim, detail));
      if (!figures.dropped.empty()) {
        shell.say(shell.in(Colour::kDim, "      dropped: " + reasons_text(figures.dropped)));
      }
      if (!run.error_message.empty()) {
        shell.say("      " + shell.in(Colour::kBad, run.error_message));
      }
    }
  }
  if (runs.empty()) shell.say("No run yet.");
  shell.print(runs);
}

}  // namespace

void add_history(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "history",
      "Show the runs, newest first.\n\nExample:\n  muster history power_users --limit 5");
  auto asked = std::make_shared<Asked>();
  command->add_option("SYNC", asked->sync, "only of this sync");
  command->add_option("--status", asked->status, "only runs that ended so")
      ->check(CLI::IsMember({"running", "succeeded", "completed_with_drops", "stopped", "waiting",
                             "failed", "interrupted"}));
  command->add_option("--limit", asked->limit, "how many")->check(CLI::Range(1, 100'000));
  command->callback([&shell, asked] { show_history(shell, *asked); });
}

}  // namespace muster::cli
