// muster plan: what a run would do, without doing it.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/words.hpp"
#include "plan/healing.hpp"

namespace muster::cli {
namespace {

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : counts) sum += count;
  return sum;
}

json::object to_json(const SyncConfig& sync, const std::string& audience, const Preview& preview) {
  json::object object{{"sync", sync.name},
                      {"cohort", sync.cohort},
                      {"audience", audience},
                      {"connection", sync.connection},
                      {"mode", to_word(preview.mode)},
                      {"rows", preview.rows},
                      {"members", preview.members},
                      {"duplicates", preview.duplicates},
                      {"adds", preview.adds},
                      {"updates", preview.updates},
                      {"not_updated", preview.not_updated},
                      {"removes", preview.removes},
                      {"unchanged", preview.unchanged},
                      {"still_dropped", 0},
                      {"rejected", cli::to_json(preview.rejected)},
                      {"estimate", json::object{{"calls", preview.estimate.calls},
                                                {"seconds", seconds(preview.duration)}}},
                      {"guard", json::object{{"would_stop", preview.guard.would_stop},
                                             {"removals_share", preview.guard.removals_share}}}};
  if (!preview.is_known) {
    for (const auto* name : {"adds", "updates", "removes", "unchanged"}) object[name] = nullptr;
    object["estimate"] = json::object{{"calls", nullptr}, {"seconds", nullptr}};
    if (!preview.guard.error) {
      object["guard"] = json::object{{"would_stop", nullptr}, {"removals_share", nullptr}};
    }
  }
  object["still_dropped"] = sum_of(preview.still_dropped);
  object["still_dropped_by_reason"] = cli::to_json(preview.still_dropped);
  if (!preview.is_known) {
    object["still_dropped"] = nullptr;
    object["still_dropped_by_reason"] = nullptr;
  }
  if (!preview.tried_again.empty()) object["tried_again"] = cli::to_json(preview.tried_again);
  if (preview.next_retry) {
    object["next_retry"] = preview.next_retry->time_since_epoch().count();
    object["next_retry_at"] = utc_text(*preview.next_retry);
  }
  if (const auto& change = preview.identifier_change) {
    json::object told{{"from", change->from}, {"to", change->to}, {"kept", nullptr}};
    if (change->kept) told["kept"] = *change->kept;
    object["identifier_change"] = told;
  }
  if (preview.list_gone) object["list_gone"] = true;
  if (preview.token_changed) object["token_changed"] = true;
  if (preview.refused) object["refused"] = error_json(*preview.refused).at("error");
  if (!preview.notices.empty()) object["notices"] = cli::to_json(preview.notices);
  for (const auto& notice : preview.notices) {
    if (notice.code == "ragged_rows") object["ragged_rows"] = notice.count;
  }
  if (const auto members = sum_of(preview.looked_for_again); members > 0) {
    json::object told{{"members", members}};
    if (preview.lookup) told["exist"] = preview.lookup->probed_exist;
    object["looked_for_again"] = told;
  }
  if (preview.lookup) {
    object["lookup"] =
        json::object{{"exists", preview.lookup->exists}, {"missing", preview.lookup->missing}};
  }
  if (preview.source_budget) object["source_budget"] = cli::to_json(*preview.source_budget);
  return object;
}

void say_guard(const Shell& shell, const Error& error) {
  shell.say("  " + shell.in(Colour::kBad, "the guard would stop this run:") + ' ' +
            error.message());
  shell.say("  hint: " + error.hint());
}

void say_refused(const Shell& shell, const Error& error) {
  shell.say("  " + shell.in(Colour::kBad, "this run would be refused:") + ' ' + error.message());
  shell.say("  hint: " + error.hint());
}

void say_destination(const Shell& shell, const SyncConfig& sync, const Preview& preview) {
  if (preview.token_changed) {
    shell.say(figure("token", shell.in(Colour::kWarn,
                                       "not the one that was checked last; whether it leads to the "
                                       "same account is known with --lookup")));
  }
  if (preview.list_gone && !preview.refused) {
    const auto* what = sync.on_list_deleted == OnListDeleted::kRestore
                           ? "it would be restored, or made again where that can't be"
                           : "it would be made again, and the whole cohort sent";
    shell.say(figure(
        "list", shell.in(Colour::kWarn, fmt::format("was deleted at the destination; {}", what))));
  }
  if (preview.refused) say_refused(shell, *preview.refused);
}

//! Members are identified in another way than before, and nobody was asked who is who.
void say_source_only(const Shell& shell, const SyncConfig& sync, const Preview& preview) {
  for (const auto* name : {"add", "remove", "unchanged"}) {
    shell.say(figure(name, "not known without --lookup"));
  }
  shell.say(reasons_figure("rejected", preview.rejected));
  if (const auto& change = preview.identifier_change) {
    shell.say(figure("identifier", fmt::format("{} now, {} before", change->to, change->from)));
  }
  say_destination(shell, sync, preview);
  if (preview.guard.error) say_guard(shell, *preview.guard.error);
}

//! What stands behind the number of adds.
void say_lookup(const Shell& shell, const Preview::Lookup& lookup, bool creates) {
  const auto fresh = lookup.exists + lookup.missing;
  if (fresh > 0) {
    shell.say(fmt::format("    {} exist, {} {}", lookup.exists, lookup.missing,
                          creates ? "would be created" : "are not there"));
  }
  if (lookup.probed > 0) {
    shell.say(fmt::format("    {} dropped before, looked for again: {} there now", lookup.probed,
                          lookup.probed_exist));
  }
}

//! Whom a mirror removes besides, only the read-back at the end of a run finds out.
bool removes_strangers(const SyncRules& rules) {
  return rules.strangers == Strangers::kRemove && rules.read_back == ReadBack::kOn;
}

void say(const Shell& shell, const SyncRules& rules, const SyncConfig& sync,
         const Preview& preview) {
  shell.say(fmt::format("{}: {} to {} ({}), {}", shell.in(Colour::kBold, sync.name),
                        name_text(sync.cohort), name_text(rules.audience_name), sync.connection,
                        to_word(preview.mode)));
  shell.say(figure("rows", preview.rows));
  shell.say(figure("duplicates", preview.duplicates));
  shell.say(figure("members", preview.members));
  if (!preview.is_known) return say_source_only(shell, sync, preview);
  shell.say(figure("add", preview.adds));
  if (!preview.tried_again.empty()) {
    shell.say("    of them dropped before, tried again now: " + reasons_text(preview.tried_again));
  }
  if (!preview.looked_for_again.empty() && !preview.lookup) {
    shell.say("    of them dropped before, looked for again: " +
              reasons_text(preview.looked_for_again));
  }
  if (preview.lookup) {
    say_lookup(shell, *preview.lookup, rules.create_missing);
  }
  if (preview.updates > 0) shell.say(figure("update", preview.updates));
  if (preview.not_updated > 0) {
    shell.say(figure("not updated", preview.not_updated));
    shell.say("    refused before; sent again when their values change");
  }
  shell.say(figure("remove", preview.removes));
  if (removes_strangers(rules)) {
    shell.say("    strangers that remove_strangers takes out come on top: they are counted, and");
    shell.say(
        "    judged by the guard, when a run reads the list; `muster verify` counts them now");
  }
  shell.say(figure("unchanged", preview.unchanged));
  shell.say(reasons_figure("rejected", preview.rejected));
  if (!preview.rejected.empty()) shell.say("    tried again when their values change");
  shell.say(reasons_figure("still dropped", preview.still_dropped));
  for (const auto& [reason, count] : preview.still_dropped) {
    if (!can_heal(reason)) shell.say("    " + reason + ": tried again " + without_healing(reason));
  }
  if (preview.next_retry) {
    shell.say(figure("tried again", "from " + time_text(*preview.next_retry)));
  }
  shell.say(figure("calls", fmt::format("about {}, {} at the account's limits",
                                        preview.estimate.calls, seconds_text(preview.duration))));
  if (preview.source_budget) shell.say(figure("source", budget_text(*preview.source_budget)));
  for (const auto& notice : preview.notices) {
    shell.say("  " + shell.in(Colour::kWarn, notice_text(notice)));
  }
  if (const auto& change = preview.identifier_change) {
    shell.say(figure("identifier", fmt::format("{} now, {} before", change->to, change->from)));
    shell.say(figure("", change->kept
                             ? fmt::format("{} are known by their records and stay", *change->kept)
                             : std::string("who stays is known with --lookup only")));
  }
  say_destination(shell, sync, preview);
  if (preview.guard.error) say_guard(shell, *preview.guard.error);
}

}  // namespace

void add_plan(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "plan",
      "Show what a run would do: nothing is sent, and what is known of the sync stays as it is. A "
      "cohort of Amplitude's costs one of the month's downloads, which a run within the hour uses."
      "\n\nExample:\n  "
      "muster plan power_users --lookup --rows rows.csv");
  auto sync = std::make_shared<std::string>();
  auto options = std::make_shared<PreviewOptions>();
  command->add_option("SYNC", *sync, "a sync of muster.yaml")->required();
  command->add_flag("--full", options->full, "as if everything were sent again");
  command->add_flag("--lookup", options->look_up, "ask the destination which records exist");
  command->add_option("--rows", options->rows, "write every row to this file (CSV, mode 0600)");
  command->callback([&shell, sync, options] {
    const auto workspace = shell.open_workspace();
    // A look-up may renew a token, which must be kept.
    if (!options->look_up) workspace->look_only();
    const auto& config = workspace->config().sync(*sync);
    Progress progress(shell.clock(), config.name);
    const auto preview = workspace->preview(config, *options, progress);
    progress.clear();
    const auto rules = workspace->rules(config);
    say(shell, rules, config, preview);
    auto object = to_json(config, rules.audience_name, preview);
    if (removes_strangers(rules)) object["strangers"] = nullptr;  // not known before a run
    shell.print(object);
  });
}

}  // namespace muster::cli
