#include "cli/serve_log.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/words.hpp"

namespace muster::cli {
namespace {

using log::Severity;

void write(Severity severity, const std::string& text) { log::write(severity, "serve", text); }

std::string next_text(std::optional<Instant> next) {
  return next ? fmt::format("; next at {}", time_text(*next)) : "; not again by itself";
}

json::value next_json(std::optional<Instant> next) {
  return next ? json::value(utc_text(*next)) : json::value(nullptr);
}

std::string told(const Error& error) {
  auto text = error.where().empty() ? error.message()
                                    : fmt::format("{}: {}", error.where(), error.message());
  if (!error.hint().empty()) text += fmt::format(" ({})", error.hint());
  return text;
}

Severity severity_of(RunStatus status) {
  switch (status) {
    case RunStatus::kSucceeded:
      return Severity::kInfo;
    case RunStatus::kFailed:
      return Severity::kError;
    default:
      return Severity::kWarning;
  }
}

}  // namespace

void ServeLog::on_serving(const WorkspaceConfig& config) {
  write(Severity::kInfo,
        fmt::format("muster {} serves {}: {} over {}", MUSTER_VERSION, config.directory.string(),
                    counted(config.syncs.size(), "sync"),
                    counted(config.connections.size(), "connection")));
}

void ServeLog::on_run_begun(const std::string& sync) { write(Severity::kInfo, sync + ": begins"); }

void ServeLog::on_run_ended(const RunResult& result, const std::string& audience_url,
                            std::optional<Instant> next) {
  const auto& run = result.run;
  const auto& figures = run.figures;
  auto text = fmt::format("{}: {} (run {}, {}, {}): ", run.sync, to_word(run.status),
                          static_cast<std::int64_t>(run.id), to_word(run.mode),
                          seconds_text(figures.duration));
  text += result.cohort_was_read ? fmt::format("{} listed, {} added, {} removed", figures.listed,
                                               figures.added, figures.removed)
                                 : std::string("the cohort was not read");
  if (!figures.dropped.empty()) text += ", dropped: " + reasons_text(figures.dropped);
  if (figures.to_retry > 0) text += fmt::format(", {} to retry", figures.to_retry);
  if (result.error) text += ": " + told(*result.error);
  const bool stopping = result.error && result.error->kind() == ErrorKind::kInterrupted;
  if (!stopping) text += next_text(next);
  write(severity_of(run.status), text);
  for (const auto& notice : result.notices) on_notice(run.sync, notice_text(notice));
  auto object = to_json(result, audience_url);
  object["next"] = next_json(next);
  shell_.print(object);
}

void ServeLog::on_source_waits(const std::string& sync, const Error& why, Instant next) {
  write(Severity::kInfo,
        fmt::format("{}: waits for its source: {}; looked at again at {}, and then until it is "
                    "there; the connection's other work goes on",
                    sync, why.message(), time_text(next)));
}

void ServeLog::on_not_run(const std::string& sync, const Error& error,
                          std::optional<Instant> next) {
  write(error.kind() == ErrorKind::kBusy ? Severity::kWarning : Severity::kError,
        fmt::format("{}: could not run: {}{}", sync, told(error), next_text(next)));
  auto object = error_json(error);
  object["sync"] = sync;
  object["next"] = next_json(next);
  shell_.print(object);
}

void ServeLog::on_notice(const std::string& sync, const std::string& notice) {
  write(Severity::kWarning, fmt::format("{}: {}", sync, notice));
}

void ServeLog::on_held(const std::string& connection, ConnectionState state) {
  const char* why = state == ConnectionState::kRevoked ? "the destination withdrew its access"
                    : state == ConnectionState::kDisconnected ? "it was disconnected"
                                                              : "it was never connected";
  write(Severity::kWarning,
        fmt::format("connection {}: {}; its syncs rest until you run: muster connect {}",
                    connection, why, connection));
}

void ServeLog::on_released(const std::string& connection) {
  write(Severity::kInfo, fmt::format("connection {}: connected; its syncs go on", connection));
}

void ServeLog::on_trouble(const std::string& connection, const Error& error) {
  write(Severity::kError,
        fmt::format("connection {}: {}; tried again in a minute", connection, told(error)));
}

void ServeLog::on_config_taken() {
  write(Severity::kInfo, "muster.yaml changed: the new one is used from now on");
}

void ServeLog::on_config_refused(const Error& error) {
  write(Severity::kError,
        fmt::format("muster.yaml changed and can't be used: {}; the former one stays in use",
                    told(error)));
}

}  // namespace muster::cli
