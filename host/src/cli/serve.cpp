// muster serve: runs every sync at its cadence until stopped.
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/serve_log.hpp"
#include "schedule/daemon.hpp"

namespace muster::cli {
namespace {

//! Who runs a daemon wants to see what it does: `info` unless another level is asked for.
void log_more(const CLI::App& program) {
  if (program.count("--log-level") > 0) return;
  const bool json = program.count("--log-format") > 0 &&
                    program.get_option("--log-format")->as<std::string>() == "json";
  log::configure(log::Severity::kInfo, json ? log::Format::kJson : log::Format::kText);
}

void run(const CLI::App& program, Shell& shell) {
  log_more(program);
  ServeLog observer(shell);
  serve(shell.workspace_directory(), shell.environment(), observer);
  log::write(log::Severity::kInfo, "serve", "stopped; what was done is kept");
  shell.exit_code = exit_code(ErrorKind::kInterrupted);
}

}  // namespace

void add_serve(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "serve",
      "Run every sync at its cadence until stopped (SIGTERM or Ctrl-C: the batch in hand is "
      "finished).\n"
      "The log goes to standard error; with --json, one JSON object a line for each run to "
      "standard output.\n\n"
      "Example:\n  muster serve --workspace ~/marketing --log-format json");
  command->callback([&program, &shell] { run(program, shell); });
}

}  // namespace muster::cli
