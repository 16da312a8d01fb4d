#include "cli/words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/shell.hpp"

namespace muster::cli {

const char* to_word(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return "running";
    case RunStatus::kSucceeded:
      return "succeeded";
    case RunStatus::kCompletedWithDrops:
      return "completed_with_drops";
    case RunStatus::kStopped:
      return "stopped";
    case RunStatus::kWaiting:
      return "waiting";
    case RunStatus::kFailed:
      return "failed";
    case RunStatus::kInterrupted:
      return "interrupted";
  }
  return "failed";
}

const char* to_word(RunMode mode) {
  switch (mode) {
    case RunMode::kFull:
      return "full";
    case RunMode::kIncremental:
      return "incremental";
    case RunMode::kRepair:
      return "repair";
  }
  return "incremental";
}

const char* to_word(ConnectionState state) {
  switch (state) {
    case ConnectionState::kNever:
      return "never";
    case ConnectionState::kConnected:
      return "connected";
    case ConnectionState::kDisconnected:
      return "disconnected";
    case ConnectionState::kRevoked:
      return "revoked";
  }
  return "never";
}

std::string name_text(const std::string& name) { return escape_control(name); }

std::string time_text(Instant instant) {
  const auto time = std::chrono::system_clock::to_time_t(instant);
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(time));
}

std::string utc_text(Instant instant) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(instant)));
}

double seconds(Milliseconds duration) { return static_cast<double>(duration.count()) / 1000; }

std::string seconds_text(Milliseconds duration) {
  if (duration < std::chrono::minutes(2)) return fmt::format("{:.1f} s", seconds(duration));
  if (duration < std::chrono::hours(2)) return fmt::format("{:.0f} min", seconds(duration) / 60);
  return fmt::format("{:.1f} h", seconds(duration) / 3600);
}

bool is_worth_telling(Milliseconds duration) { return duration >= Milliseconds{50}; }

std::string counted(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

json::object to_json(const std::map<std::string, std::uint64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

json::array to_json(const std::vector<SourceNotice>& notices) {
  json::array array;
  for (const auto& notice : notices) {
    json::object object{{"code", notice.code}};
    if (notice.text.empty()) {
      object["count"] = notice.count;
      object["first_at"] = notice.first_at;
      if (!notice.next_at.empty()) object["next_at"] = json::value_from(notice.next_at);
    } else {
      object["message"] = notice.text;
    }
    array.emplace_back(std::move(object));
  }
  return array;
}

std::string notice_text(const SourceNotice& notice) {
  if (!notice.text.empty()) return notice.text;
  auto text = fmt::format("{} {}, the first at {}", notice.count, notice.code, notice.first_at);
  // "file:line:column": the file is told where it is another one.
  const auto without_column = [](const std::string& at) { return at.substr(0, at.rfind(':')); };
  const auto file_of = [&](const std::string& at) {
    const auto place = without_column(at);
    return place.substr(0, place.rfind(':'));
  };
  auto file = file_of(notice.first_at);
  for (const auto& at : notice.next_at) {
    const auto place = without_column(at);
    const bool same = file_of(at) == file;
    text += fmt::format(", {}", same ? "line " + place.substr(file.size() + 1) : place);
    file = file_of(at);
  }
  if (notice.count > notice.next_at.size() + 1 && !notice.next_at.empty()) text += ", …";
  return text;
}

json::object to_json(const RunRow& run) {
  const auto& figures = run.figures;
  json::object object{{"run", static_cast<std::int64_t>(run.id)},
                      {"sync", run.sync},
                      {"status", to_word(run.status)},
                      {"mode", to_word(run.mode)},
                      {"rows", figures.rows},
                      {"members", figures.members},
                      {"duplicates", figures.duplicates},
                      {"listed", figures.listed},
                      {"added", figures.added},
                      {"created", figures.created},
                      {"removed", figures.removed},
                      {"unchanged", figures.unchanged},
                      {"dropped", to_json(figures.dropped)},
                      {"to_retry", figures.to_retry}};
  if (figures.verified) {
    object["verified"] = json::object{{"confirmed", figures.verified->confirmed},
                                      {"missing", figures.verified->missing},
                                      {"strangers", figures.verified->strangers},
                                      {"leavers", figures.verified->leavers}};
  }
  if (!run.cohort_was_read) {
    for (const auto* name :
         {"rows", "members", "duplicates", "listed", "unchanged", "dropped", "to_retry"}) {
      object[name] = nullptr;
    }
  }
  if (figures.not_updated > 0) object["not_updated"] = figures.not_updated;
  if (figures.not_removed > 0) object["not_removed"] = figures.not_removed;
  object["calls"] = figures.calls;
  object["throttled"] = seconds(figures.throttled);
  object["seconds"] = seconds(figures.duration);
  return object;
}

json::object to_json(const RunResult& result, const std::string& audience_url) {
  auto object = to_json(result.run);
  object["audience"] = json::object{
      {"id", result.sync.audience_ref}, {"name", result.audience_name}, {"url", audience_url}};
  object["report"] = result.report.string();
  for (const auto& notice : result.notices) {
    if (notice.code == "ragged_rows") object["ragged_rows"] = notice.count;
  }
  if (!result.notices.empty()) object["notices"] = to_json(result.notices);
  if (result.error) object["error"] = error_json(*result.error).at("error");
  return object;
}

std::string figure(const std::string& name, const std::string& value) {
  return fmt::format("  {:<14} {}", name, value);
}

std::string reasons_figure(const std::string& name,
                           const std::map<std::string, std::uint64_t>& counts) {
  return figure(name, reasons_text(counts));
}

std::string figure(const std::string& name, std::uint64_t value) {
  return fmt::format("  {:<14} {:>10}", name, value);
}

std::string without_healing(const std::string& reason) {
  if (reason == "drifted") return "by verify --repair, or with on_drift: repair";
  return "when the value in the source changes, or with --full";
}

std::string due_text(Instant due, Instant now) {
  return due <= now ? "by the next run over the whole cohort" : "from " + time_text(due);
}

std::string reasons_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [reason, count] : counts) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, count);
  }
  return text.empty() ? "-" : text;
}

json::object to_json(const SourceBudget& budget) {
  return {{"used", budget.used},
          {"limit", budget.limit},
          {"resets_at", utc_text(budget.resets_at)},
          {"counted_by", budget.told ? "amplitude" : "muster"}};
}

std::string budget_text(const SourceBudget& budget) {
  return fmt::format("{} of {} downloads used until {} ({})", budget.used, budget.limit,
                     utc_text(budget.resets_at).substr(0, 10),
                     budget.told ? "by Amplitude's count" : "by our own count");
}

}  // namespace muster::cli
