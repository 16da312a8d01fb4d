// muster history: the runs that were.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/commands.hpp"
#include "cli/times.hpp"
#include "cli/words.hpp"
#include "run/lease.hpp"
#include "run/run_context.hpp"

namespace muster::cli {
namespace {

struct Asked {
  std::string sync;
  std::string status;
  std::string since;
  std::string until;
  std::size_t limit = 20;
};

constexpr std::array kStatuses{
    RunStatus::kRunning, RunStatus::kSucceeded, RunStatus::kCompletedWithDrops, RunStatus::kStopped,
    RunStatus::kWaiting, RunStatus::kFailed,    RunStatus::kInterrupted};

RunFilter filter_of(const Asked& asked, Instant now) {
  RunFilter filter;
  filter.sync = asked.sync;
  filter.limit = asked.limit;
  for (const auto status : kStatuses) {
    if (asked.status == to_word(status)) filter.status = status;
  }
  if (!asked.since.empty()) filter.since = parse_time(asked.since, "--since", now);
  if (!asked.until.empty()) filter.until = parse_time(asked.until, "--until", now);
  return filter;
}

//! When the drops of a sync are tried again, as they are now.
struct Healing {
  std::string reason;
  std::uint64_t count = 0;
  std::optional<Instant> due;  //!< nothing: when the value changes in the source
};

//! Whether the plugin refuses such a value before anything is sent.
bool is_rejection(const std::string& reason) { return !can_heal(reason) && reason != "drifted"; }

//! As the sync is configured now; the history is told without its plugin, too.
HealingRules rules_of(Workspace& workspace, const std::string& name) {
  const auto& syncs = workspace.config().syncs;
  const auto sync =
      std::find_if(syncs.begin(), syncs.end(), [&](const auto& one) { return one.name == name; });
  if (sync == syncs.end()) return {};
  try {
    return healing_rules(workspace.rules(*sync));
  } catch (const Error&) {
    return {};
  }
}

std::vector<Healing> healing_of(Store& store, const std::string& sync, const HealingRules& rules) {
  std::vector<Healing> all;
  const auto row = store.sync(sync);
  if (!row) return all;
  for (const auto& drops : store.count_drops(row->id)) {
    MemberRow like;
    like.state = MemberState::kDropped;
    like.reason = drops.reason;
    like.attempts = drops.attempts;
    like.last_try = drops.first_try;
    const auto due = due_again(like, rules);
    if (!all.empty() && all.back().reason == drops.reason) {
      all.back().count += drops.count;
      if (due && (!all.back().due || *due < *all.back().due)) all.back().due = due;
    } else {
      all.push_back({drops.reason, drops.count, due});
    }
  }
  return all;
}

//! Rows that were never sent have no state.
void add_rejected(const RunRow& run, std::vector<Healing>& healing) {
  for (const auto& [reason, count] : run.figures.dropped) {
    const bool is_known =
        std::any_of(healing.begin(), healing.end(),
                    [&, &name = reason](const auto& drops) { return drops.reason == name; });
    if (!is_known && is_rejection(reason)) healing.push_back({reason, count, std::nullopt});
  }
}

const char* word_of(StartedBy who) {
  switch (who) {
    case StartedBy::kPerson:
      return "person";
    case StartedBy::kSchedule:
      return "schedule";
    case StartedBy::kPush:
      return "push";
  }
  return "";
}

json::object to_json_with_start(const RunRow& run) {
  auto object = to_json(run);
  object["started"] = run.started.time_since_epoch().count();
  object["started_at"] = utc_text(run.started);
  object["started_by"] = word_of(run.started_by);
  if (!run.error_code.empty()) {
    object["error"] = json::object{{"code", run.error_code}, {"message", run.error_message}};
  }
  return object;
}

//! Of the cohort: nothing is known of one that was not read.
std::string of_cohort(const RunRow& run, std::uint64_t count) {
  return run.cohort_was_read ? std::to_string(count) : "-";
}

std::string cut(const std::string& name, std::size_t width) {
  return name.size() <= width ? name : name.substr(0, width - 3) + "...";
}

bool differs(const VerifiedFigures& verified) {
  return verified.missing + verified.strangers + verified.leavers > 0;
}

void say_run(const Shell& shell, const RunRow& run) {
  const auto& figures = run.figures;
  std::uint64_t dropped = 0;
  for (const auto& [reason, count] : figures.dropped) dropped += count;
  shell.say(fmt::format("{:>5} {:<16} {:<18} {:<20} {:>8} {:>7} {:>7} {:>7}",
                        static_cast<std::int64_t>(run.id), time_text(run.started),
                        cut(run.sync, 18), to_word(run.status), of_cohort(run, figures.listed),
                        figures.added, figures.removed, of_cohort(run, dropped)));
  const auto who = fmt::format("{} {}", run.started_by == StartedBy::kSchedule ? "the" : "a",
                               word_of(run.started_by));
  auto detail = fmt::format("      {}, started by {}, {}, {}", to_word(run.mode), who,
                            counted(figures.calls, "call"), seconds_text(figures.duration));
  if (is_worth_telling(figures.throttled)) {
    detail += fmt::format(", {} throttled", seconds_text(figures.throttled));
  }
  shell.say(shell.in(Colour::kDim, detail));
  if (!figures.dropped.empty()) {
    shell.say(shell.in(Colour::kDim, "      dropped: " + reasons_text(figures.dropped)));
  }
  if (figures.not_updated + figures.not_removed > 0) {
    shell.say(shell.in(Colour::kDim, fmt::format("      refused: {} updates, {} removals",
                                                 figures.not_updated, figures.not_removed)));
  }
  if (figures.to_retry > 0) {
    shell.say(shell.in(Colour::kDim, fmt::format("      to retry: {}", figures.to_retry)));
  }
  if (const auto& verified = figures.verified; verified && differs(*verified)) {
    auto text = fmt::format("      read back: {} missing, {} strangers", verified->missing,
                            verified->strangers);
    if (verified->leavers > 0) text += fmt::format(", {} not removed yet", verified->leavers);
    shell.say(shell.in(Colour::kDim, text));
  }
  if (!run.error_message.empty()) {
    shell.say(shell.in(Colour::kBad, "      " + run.error_message));
  }
}

void say_healing(const Shell& shell, const std::vector<Healing>& healing) {
  for (const auto& drops : healing) {
    const auto when = drops.due ? "tried again " + due_text(*drops.due, shell.clock().now())
                      : is_rejection(drops.reason)
                          ? std::string("tried again when their values change")
                          : "tried again " + without_healing(drops.reason);
    shell.say(
        shell.in(Colour::kDim, fmt::format("      {} {}: {}", drops.reason, drops.count, when)));
  }
}

//! Whether a process that is not known to be dead runs the sync. A run that was killed is written
//! down as ended by the next one.
bool is_held(Store& store, const std::string& sync) {
  const auto row = store.sync(sync);
  const auto owner = row ? store.lease_owner(row->id) : std::nullopt;
  return owner && !is_known_dead(*owner);
}

void show_history(const Shell& shell, const Asked& asked) {
  const auto workspace = shell.open_workspace();
  workspace->look_only();
  if (!asked.sync.empty()) workspace->config().sync(asked.sync);  // or told which there are
  const auto filter = filter_of(asked, shell.clock().now());
  json::array runs;
  if (workspace->has_state()) {
    auto& store = workspace->store();
    for (auto& run : store.runs(filter)) {
      if (run.status == RunStatus::kRunning && !is_held(store, run.sync)) {
        run.status = RunStatus::kInterrupted;
        run.error_message = "it ended without a word; the next run of the sync goes on";
      }
      if (runs.empty()) {
        shell.say(fmt::format("{:>5} {:<16} {:<18} {:<20} {:>8} {:>7} {:>7} {:>7}", "run",
                              "started", "sync", "status", "listed", "added", "removed",
                              "dropped"));
      }
      auto object = to_json_with_start(run);
      say_run(shell, run);
      // Under the newest run of each sync, whatever the filter: what becomes of its drops now.
      if (store.runs(run.sync, 1).front().id == run.id) {
        auto healing = healing_of(store, run.sync, rules_of(*workspace, run.sync));
        add_rejected(run, healing);
        say_healing(shell, healing);
        json::array array;
        for (const auto& drops : healing) {
          json::object entry{
              {"reason", drops.reason}, {"count", drops.count}, {"tried_again", nullptr}};
          if (drops.due) entry["tried_again"] = utc_text(*drops.due);
          array.emplace_back(std::move(entry));
        }
        object["still_dropped"] = array;
      }
      runs.emplace_back(std::move(object));
    }
  }
  if (runs.empty()) shell.say("No run yet, or none that was asked for.");
  shell.print(runs);
}

}  // namespace

void add_history(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "history",
      "Show the runs, newest first, and when the drops of each sync are tried again.\n\nExample:\n "
      " "
      "muster history power_users --limit 5\n  muster history --since 7d --status failed");
  auto asked = std::make_shared<Asked>();
  command->add_option("SYNC", asked->sync, "only of this sync");
  command->add_option("--status", asked->status, "only runs that ended so")
      ->check(CLI::IsMember({"running", "succeeded", "completed_with_drops", "stopped", "waiting",
                             "failed", "interrupted"}));
  command->add_option(
      "--since", asked->since,
      "only runs that started then or later: 2026-11-23, 2026-11-23T14:05 (local) or "
      "3d, 12h, 30m ago");
  command->add_option("--until", asked->until, "only runs that started before");
  command->add_option("--limit", asked->limit, "how many")->check(CLI::Range(1, 100'000));
  command->callback([&shell, asked] { show_history(shell, *asked); });
}

}  // namespace muster::cli
