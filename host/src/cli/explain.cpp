// muster explain: all that is known of one person in a sync. It names people: they were asked for.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/words.hpp"
#include "run/account_check.hpp"
#include "run/explain.hpp"
#include "run/report.hpp"

namespace muster::cli {
namespace {

const char* to_word(MemberState state) {
  switch (state) {
    case MemberState::kPending:
      return "pending";
    case MemberState::kListed:
      return "listed";
    case MemberState::kLeaving:
      return "leaving";
    case MemberState::kDropped:
      return "dropped";
  }
  return "dropped";
}

const char* to_word(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kAdded:
      return "added";
    case ChangeKind::kRemoved:
      return "removed";
    case ChangeKind::kDropped:
      return "dropped";
    case ChangeKind::kDrifted:
      return "drifted";
    case ChangeKind::kUpdated:
      return "updated";
  }
  return "updated";
}

//! What befell a member, in words.
std::string text_of(const ChangeRow& change) {
  if (change.kind == ChangeKind::kAdded && change.reason == "drifted") {
    return "added again, after it had drifted out of the list";
  }
  if (change.kind == ChangeKind::kRemoved && change.detail == kGoneBefore) {
    return "left the cohort; others had taken it out of the list before";
  }
  if (change.kind == ChangeKind::kRemoved && change.detail == kStaysForAnother) {
    return "left the cohort; the record stays in the list for another member";
  }
  if (change.kind == ChangeKind::kRemoved && change.detail == kFoundGone) {
    return "removed; the answer to it was lost, and the record is gone";
  }
  std::string text = to_word(change.kind);
  if (!change.reason.empty() && change.reason != text) text += ", " + change.reason;
  if (!change.detail.empty()) text += " " + change.detail;
  return text;
}

std::string meaning(const ExplainedPerson& person) {
  const auto& row = *person.state;
  switch (row.state) {
    case MemberState::kPending:
      switch (pending_of(row)) {
        case Pending::kWithoutEffect:
          return person.rows.empty() ? "sent without effect; the next run forgets it"
                                     : "sent without effect; the next run sends it again";
        case Pending::kSent:
          return "sent, and not yet known whether it took effect; the next run goes on";
        case Pending::kTakenOut:
          return person.rows.empty()
                     ? "removed, not yet confirmed by a read-back; removed again then"
                     : "not known to be in the list; the next run adds it";
      }
      return "";
    case MemberState::kListed:
      return row.detail.empty()
                 ? "the destination confirmed it"
                 : "the destination confirmed it, and refused its values: " + row.detail;
    case MemberState::kLeaving:
      return "being removed; the next run over the whole cohort goes on";
    case MemberState::kDropped:
      return "not in the list";
  }
  return "";
}

json::object to_json(const SourceRow& row) {
  json::object object{{"line", row.line}, {"source_id", row.source_id}};
  if (!row.rejected.empty()) object["rejected"] = row.rejected;
  if (row.duplicate_of != 0) object["duplicate_of_line"] = row.duplicate_of;
  return object;
}

json::object to_json(const PersonChange& change) {
  json::object object{{"run", static_cast<std::int64_t>(change.change.run)},
                      {"change", to_word(change.change.kind)},
                      {"reason", change.change.reason},
                      {"detail", change.change.detail},
                      {"record_id", change.change.record_id}};
  if (change.run) object["at"] = utc_text(change.run->started);
  return object;
}

//! The record's page; empty: it has none.
std::string record_page(const ExplainedPerson& person, const std::string& record_url) {
  return person.record_is_gone ? std::string{} : fill_url(record_url, person.record_id);
}

json::object to_json(const ExplainedPerson& person, const std::string& record_url) {
  json::array rows;
  for (const auto& row : person.rows) rows.emplace_back(to_json(row));
  json::array changes;
  for (const auto& change : person.changes) changes.emplace_back(to_json(change));
  json::object object{
      {"in_source", !person.rows.empty()},
      {"rows", rows},
      {"canonical", person.canonical},
      {"state", person.state ? to_word(person.state->state) : "none"},
      {"reason", person.state ? person.state->reason : std::string{}},
      {"detail", person.state ? person.state->detail : std::string{}},
      {"record", json::object{{"id", person.record_id}, {"url", record_page(person, record_url)}}},
      {"in_list", nullptr},
      {"changes", changes}};
  if (person.in_list) object["in_list"] = *person.in_list;
  if (person.state) {
    object["since_run"] = static_cast<std::int64_t>(person.state->since);
    object["attempts"] = person.state->attempts;
  }
  if (person.tried_again) object["tried_again"] = utc_text(*person.tried_again);
  return object;
}

//! Members are identified in another way now, and who this one is in the source takes a look-up of
//! everyone there.
bool may_be_in_source(const ExplainedPerson& person, const Explanation& told) {
  return person.rows.empty() && person.state && !told.former_kind.empty();
}

void say_rows(const Shell& shell, const ExplainedPerson& person, const Explanation& told) {
  if (person.rows.empty()) {
    shell.say(figure("source", told.source_failed               ? "could not be read"
                               : may_be_in_source(person, told) ? "not known before the next run"
                                                                : "not there now"));
  }
  for (const auto& row : person.rows) {
    auto text = fmt::format("line {}", row.line);
    if (!row.source_id.empty()) text += fmt::format(", id {}", row.source_id);
    if (row.duplicate_of != 0) text += fmt::format(", a duplicate of line {}", row.duplicate_of);
    if (!row.rejected.empty()) text += ", rejected: " + row.rejected;
    shell.say(figure("source", text));
  }
}

void say_state(const Shell& shell, const ExplainedPerson& person) {
  const auto& row = person.state;
  if (!row) {
    shell.say(figure("state", "never sent, or removed again"));
    return;
  }
  auto text = fmt::format("{} (run {}): {}", to_word(row->state),
                          static_cast<std::int64_t>(row->since), meaning(person));
  shell.say(figure("state", text));
  if (!row->reason.empty()) {
    shell.say(
        figure("reason", row->detail.empty() ? row->reason : row->reason + " " + row->detail));
  }
  if (row->state != MemberState::kDropped) return;
  const auto again =
      person.tried_again
          ? fmt::format("{}, after {}", due_text(*person.tried_again, shell.clock().now()),
                        counted(row->attempts, "attempt"))
          : without_healing(row->reason);
  shell.say(figure("tried again", again));
}

void say_record(const Shell& shell, const ExplainedPerson& person, const std::string& record_url) {
  if (person.record_id.empty()) {
    shell.say(figure("record", "none is known"));
    return;
  }
  const auto* gone = person.record_is_gone ? ", which the destination does not have any more" : "";
  shell.say(figure("record", person.record_id + gone));
  const auto url = record_page(person, record_url);
  if (!url.empty()) shell.say(figure("", url));
}

void say_person(const Shell& shell, const ExplainedPerson& person, const Explanation& told,
                const std::string& record_url, const std::string& audience) {
  say_rows(shell, person, told);
  if (!person.canonical.empty()) shell.say(figure("identifier", person.canonical));
  say_state(shell, person);
  say_record(shell, person, record_url);
  if (person.in_list) {
    shell.say(figure(
        "list", fmt::format("{} {}", audience, *person.in_list ? "holds it" : "does not hold it")));
  }
  for (const auto& change : person.changes) {
    auto text = fmt::format("run {}", static_cast<std::int64_t>(change.change.run));
    if (change.run) text += ", " + time_text(change.run->started);
    shell.say(figure("history", text + ": " + text_of(change.change)));
  }
}

void run_explain(Shell& shell, const std::string& name, const std::string& asked) {
  const auto workspace = shell.open_workspace();
  const auto& sync = workspace->config().sync(name);
  Progress progress(shell.clock(), sync.name);
  const auto result = workspace->explain(sync, asked, progress);
  progress.clear();
  const auto row = workspace->connection_row(workspace->config().connection(sync.connection));
  const auto audience = workspace->rules(sync).audience_name;
  shell.say(fmt::format("{}: {}", shell.in(Colour::kBold, sync.name),
                        !result.is_stranger    ? counted(result.people.size(), "member")
                        : result.source_failed ? "not known here"
                                               : "a stranger: not in the source, and not known "
                                                 "here"));
  if (result.source_failed) {
    shell.say("  " + shell.in(Colour::kWarn, "the source could not be read:") + ' ' +
              error_text(*result.source_failed));
  }
  if (result.is_stranger) {
    shell.say("  Ids of the source are not kept: who left it is found by identifier or record id.");
  }
  // A record of another account has no page in this one.
  const auto record_url = is_same_account(result.sync, row) ? row.record_url : std::string{};
  json::array people;
  for (const auto& person : result.people) {
    say_person(shell, person, result, record_url, audience);
    auto entry = to_json(person, record_url);
    if (result.source_failed || may_be_in_source(person, result)) entry["in_source"] = nullptr;
    people.emplace_back(std::move(entry));
  }
  json::object object{{"sync", sync.name},
                      {"audience", audience},
                      {"stranger", result.is_stranger},
                      {"people", people}};
  if (!result.former_kind.empty()) {
    object["identifier_change"] = json::object{{"from", result.former_kind}, {"to", sync.kind}};
    shell.say(figure("identified by",
                     fmt::format("{} now, {} before; the next run matches members by record",
                                 sync.kind, result.former_kind)));
  }
  if (result.source_failed) {
    object["source_failed"] = error_json(*result.source_failed).at("error");
    if (result.is_stranger) object["stranger"] = nullptr;
    shell.exit_code = exit_code(result.source_failed->kind());
  }
  if (result.not_asked) {
    object["not_asked"] = error_json(*result.not_asked).at("error");
    shell.say("  " + shell.in(Colour::kWarn, "the destination was not asked:") + ' ' +
              error_text(*result.not_asked));
    if (shell.exit_code == 0) shell.exit_code = exit_code(result.not_asked->kind());
  }
  shell.print(object);
}

}  // namespace

void add_explain(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "explain",
      "Tell all that is known of one person in a sync: the row in the source, the canonical "
      "identifier, the state and its reason, the record, whether the list holds it (asks the "
      "destination), and every run that changed it.\n\nExample:\n  muster explain power_users "
      "ada@example.com\n  muster explain power_users u17 --json");
  auto sync = std::make_shared<std::string>();
  auto asked = std::make_shared<std::string>();
  command->add_option("SYNC", *sync, "a sync of muster.yaml")->required();
  command->add_option("IDENTIFIER", *asked, "a source id, an identifier, or a record id")
      ->required();
  command->callback([&shell, sync, asked] { run_explain(shell, *sync, *asked); });
}

}  // namespace muster::cli
