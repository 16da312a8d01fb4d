// muster verify: is everyone still in the list?
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/words.hpp"
#include "run/account_check.hpp"

namespace muster::cli {
namespace {

json::object to_json(const SyncConfig& sync, const std::string& audience,
                     const VerifyResult& result) {
  json::object object{{"sync", sync.name},           {"audience", audience},
                      {"expected", result.expected}, {"confirmed", result.confirmed},
                      {"missing", result.missing},   {"strangers", result.strangers},
                      {"leavers", result.leavers},   {"unsettled", result.unsettled},
                      {"repaired", result.repaired}};
  if (!result.was_read) {
    for (const auto* name : {"expected", "confirmed", "missing", "strangers", "leavers"}) {
      object[name] = nullptr;
    }
    if (result.run && result.run->error) object["repaired"] = nullptr;
  }
  if (result.list_gone) object["list_gone"] = true;
  if (!result.run) return object;
  object["run"] = static_cast<std::int64_t>(result.run->run.id);
  object["report"] = result.run->report.string();
  if (result.run->error) object["error"] = error_json(*result.run->error).at("error");
  return object;
}

//! What is left that muster would mend: strangers stay unless the sync removes them.
bool is_mended(const SyncRules& rules, const VerifyResult& result) {
  return result.missing == 0 && result.leavers == 0 && result.unsettled == 0 &&
         (result.strangers == 0 || rules.strangers == Strangers::kLeave);
}

bool has_drift(const VerifyResult& result) {
  return result.missing + result.strangers + result.leavers + result.unsettled > 0;
}

void say_figures(const Shell& shell, const VerifyResult& result) {
  shell.say(figure("expected", result.expected));
  shell.say(figure("confirmed", result.confirmed));
  shell.say(figure("missing", result.missing));
  shell.say(figure("strangers", result.strangers));
  if (result.leavers > 0) {
    shell.say(figure("leavers", result.leavers));
    shell.say("    removed, or to be removed, and in the list all the same");
  }
  if (result.unsettled > 0) {
    shell.say(figure("unsettled", result.unsettled));
    shell.say("    members that a run left open: in the list or not, the next run settles it");
  }
  if (result.run) shell.say(figure("repaired", result.repaired));
}

void say(const Shell& shell, const SyncRules& rules, const std::string& url,
         const VerifyResult& result) {
  const bool differs = has_drift(result);
  const auto verdict = !result.was_read   ? shell.in(Colour::kWarn, "the list was not compared")
                       : result.list_gone ? shell.in(Colour::kBad, "the list is gone")
                       : differs          ? shell.in(Colour::kWarn, "the list differs")
                                          : shell.in(Colour::kGood, "the list is right");
  shell.say(fmt::format("{}: {}", shell.in(Colour::kBold, rules.sync), verdict));
  if (result.was_read) say_figures(shell, result);
  shell.say(figure("list", name_text(rules.audience_name)));
  if (!url.empty()) shell.say(figure("", url));
  if (result.run) shell.say(figure("report", result.run->report.string()));
  if (result.run && result.unsettled == 0) return;
  if (result.list_gone) {
    const auto command = "  hint: `muster sync " + rules.sync;
    shell.say(rules.on_list_deleted == OnListDeleted::kStop
                  ? command + " --restore-list` restores it, or makes it again"
                  : command + "` makes it again, and everyone is sent");
  } else if (result.unsettled > 0) {
    shell.say("  hint: `muster sync " + rules.sync + "` settles what a run left open");
  } else if (!is_mended(rules, result)) {
    shell.say("  hint: `muster verify " + rules.sync + " --repair` mends it");
  }
}

struct Asked {
  std::string sync;
  bool repair = false;
  RunOptions options;
};

void run_verify(Shell& shell, const Asked& asked) {
  const auto workspace = shell.open_workspace();
  const auto& sync = workspace->config().sync(asked.sync);
  const auto rules = workspace->rules(sync);
  Progress progress(shell.clock(), sync.name);
  const auto result = asked.repair ? workspace->repair(sync, asked.options, progress)
                                   : workspace->verify(sync, progress);
  progress.clear();
  const auto row = workspace->connection_row(workspace->config().connection(sync.connection));
  say(shell, rules, audience_page(result.sync, row), result);
  shell.print(to_json(sync, rules.audience_name, result));
  if (result.run && result.run->error) {
    if (!shell.json_output) shell.tell("muster: " + error_text(*result.run->error));
    shell.exit_code = exit_code(result.run->error->kind());
    return;
  }
  const bool differs = has_drift(result);
  const bool good = asked.repair ? is_mended(rules, result) : !differs;
  shell.exit_code = good ? 0 : 3;
}

}  // namespace

void add_verify(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "verify",
      "Read the list back and compare it with what was last confirmed: who is missing, who "
      "was to leave and is still there, whom a run left open, and how many are strangers. Changes "
      "nothing without "
      "--repair.\n\nExit code: 0 the list is right, 3 "
      "it differs; with --repair 0 when nothing is left to mend (strangers stay unless the sync "
      "says remove_strangers: true).\n\nExample:\n  muster verify power_users\n  muster verify "
      "power_users --repair --json");
  auto asked = std::make_shared<Asked>();
  command->add_option("SYNC", asked->sync, "a sync of muster.yaml")->required();
  auto* repair = command->add_flag(
      "--repair", asked->repair,
      "add who is missing again, remove who was to leave; kept in the history as a run");
  command
      ->add_flag("--allow-removals", asked->options.allow_removals,
                 "with --repair: let the guard pass")
      ->needs(repair);
  command->callback([&shell, asked] { run_verify(shell, *asked); });
}

}  // namespace muster::cli
