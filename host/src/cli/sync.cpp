// muster sync: runs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/words.hpp"
#include "run/account_check.hpp"

namespace muster::cli {
namespace {

struct Asked {
  std::vector<std::string> syncs;
  bool all = false;
  RunOptions options;
};

void say_members(const Shell& shell, const RunResult& result) {
  const auto& figures = result.run.figures;
  shell.say(figure("rows", figures.rows));
  shell.say(figure("duplicates", figures.duplicates));
  shell.say(figure("members", figures.members));
  shell.say(figure("listed", figures.listed));
  shell.say(figure("  added", figures.added));
  shell.say(figure("  unchanged", figures.unchanged));
  shell.say(figure("created", figures.created));
  shell.say(figure("removed", figures.removed));
  shell.say(reasons_figure("dropped", figures.dropped));
  if (figures.not_removed > 0) shell.say(figure("not removed", figures.not_removed));
  if (figures.not_updated > 0) shell.say(figure("not updated", figures.not_updated));
  if (figures.to_retry > 0) shell.say(figure("to retry", figures.to_retry));
}

void say(const Shell& shell, const RunResult& result, const std::string& audience_url) {
  const auto& figures = result.run.figures;
  const bool good = result.run.status == RunStatus::kSucceeded;
  shell.say(fmt::format("{}: {} (run {}, {}, {})", shell.in(Colour::kBold, result.run.sync),
                        shell.in(good ? Colour::kGood : Colour::kWarn, to_word(result.run.status)),
                        static_cast<std::int64_t>(result.run.id), to_word(result.run.mode),
                        seconds_text(figures.duration)));
  if (result.cohort_was_read) {
    say_members(shell, result);
  } else {
    shell.say(figure("rows", "the cohort was not read"));
  }
  if (const auto& verified = figures.verified) {
    auto text = fmt::format("{} confirmed, {} missing, {} strangers", verified->confirmed,
                            verified->missing, verified->strangers);
    if (verified->leavers > 0) text += fmt::format(", {} not removed yet", verified->leavers);
    shell.say(figure("verified", text));
  }
  auto calls = fmt::format("{}", figures.calls);
  if (is_worth_telling(figures.throttled)) {
    calls += fmt::format(", {} waited for the account's limits", seconds_text(figures.throttled));
  }
  shell.say(figure("calls", calls));
  const auto name = name_text(result.audience_name);
  shell.say(figure("list", audience_url.empty() ? name : name + "  " + audience_url));
  shell.say(figure("report", result.report.string()));
  for (const auto& notice : result.notices) {
    shell.say("  " + shell.in(Colour::kWarn, notice_text(notice)));
  }
}

int code_of(const RunResult& result) {
  if (result.error) return exit_code(result.error->kind());
  return result.run.status == RunStatus::kSucceeded ? 0 : 3;
}

//! It can be read once: whoever reads it after another one would see an empty cohort.
void require_own_input(const std::vector<const SyncConfig*>& syncs) {
  std::vector<std::string> readers;
  for (const auto* sync : syncs) {
    if (is_standard_input(sync->source)) readers.push_back(sync->name);
  }
  if (readers.size() < 2) return;
  throw Error(
      ErrorKind::kUsage, "cli.shared_input",
      fmt::format("{} all read standard input, which only one sync can", fmt::join(readers, ", ")))
      .with_hint("run each by itself with its own input: muster sync " + readers.front() +
                 " < FILE");
}

void run_syncs(Shell& shell, const Asked& asked) {
  const auto workspace = shell.open_workspace();
  std::vector<const SyncConfig*> syncs;
  const auto add = [&](const SyncConfig& sync) {
    if (std::find(syncs.begin(), syncs.end(), &sync) == syncs.end()) syncs.push_back(&sync);
  };
  for (const auto& name : asked.syncs) add(workspace->config().sync(name));
  if (asked.all) {
    for (const auto& sync : workspace->config().syncs) add(sync);
  }
  if (syncs.empty()) {
    if (asked.all) {
      throw Error(ErrorKind::kUsage, "cli.no_sync", "the workspace has no sync")
          .with_hint("describe one under `syncs:` in muster.yaml");
    }
    throw Error(ErrorKind::kUsage, "cli.no_sync", "no sync was named")
        .with_hint("muster sync NAME, or muster sync --all");
  }
  require_own_input(syncs);
  json::array results;
  for (const auto* sync : syncs) {
    try {
      if (shell.cancellation().requested()) {
        throw Error(ErrorKind::kInterrupted, "run.interrupted", "interrupted before it began");
      }
      Progress progress(shell.clock(), sync->name);
      const auto result = workspace->sync(*sync, asked.options, progress);
      progress.clear();
      const auto row = workspace->connection_row(workspace->config().connection(sync->connection));
      const auto url = audience_page(result.sync, row);
      say(shell, result, url);
      results.emplace_back(to_json(result, url));
      if (result.error && !shell.json_output) shell.tell("muster: " + error_text(*result.error));
      if (shell.exit_code == 0) shell.exit_code = code_of(result);
    } catch (const Error& error) {
      // One sync that can't begin is no reason not to run the others.
      if (syncs.size() == 1) throw;
      auto object = error_json(error);
      object["sync"] = sync->name;
      results.emplace_back(std::move(object));
      if (!shell.json_output) shell.tell(sync->name + ": " + error_text(error));
      if (shell.exit_code == 0) shell.exit_code = exit_code(error.kind());
    }
  }
  shell.print(syncs.size() == 1 ? results.front() : json::value(results));
}

}  // namespace

void add_sync(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "sync",
      "Make audiences equal to their cohorts, then read them back.\n\nExit code: 0 everyone is "
      "listed, 3 with drops, 4 stopped by the guard, 75 try later; with several syncs, that of the "
      "first that did not end with 0.\n\nExample:\n  muster sync power_users\n  muster sync --all "
      "--json");
  auto asked = std::make_shared<Asked>();
  command->add_option("SYNC", asked->syncs, "syncs of muster.yaml");
  command->add_flag("--all", asked->all, "every sync");
  command->add_flag("--full", asked->options.full, "send everything again");
  command->add_flag("--allow-removals", asked->options.allow_removals, "let the guard pass");
  command->add_flag("--restore-list", asked->options.restore_list,
                    "restore a list that was deleted at the destination, where it still can be");
  command->callback([&shell, asked] { run_syncs(shell, *asked); });
}

}  // namespace muster::cli
