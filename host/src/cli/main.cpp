// muster: sends cohorts to the tools where people act on them, and proves that they arrived.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/nearest.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"

namespace {

muster::Cancellation cancellation;

//! The first signal ends the run after the batch in hand; the second ends the program.
void on_signal(int) {
  if (cancellation.requested()) ::_exit(130);
  cancellation.request();
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = &on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow (ulimit -f) is told as a full disk is.
  ::signal(SIGXFSZ, SIG_IGN);
}

int fail(const muster::cli::Shell& shell, const muster::Error& error) {
  if (shell.json_output) {
    shell.print(muster::cli::error_json(error));
  } else {
    shell.tell("muster: " + muster::cli::error_text(error));
  }
  return muster::exit_code(error.kind());
}

//! What could not be told must not pass for done.
int end(const muster::cli::Shell& shell) {
  if (shell.output_error() == 0) return shell.exit_code;
  shell.tell(fmt::format("muster: standard output can't be written: {}",
                         std::strerror(shell.output_error())));
  return shell.exit_code == 0 ? 1 : shell.exit_code;
}

class Help final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    return muster::cli::fit(CLI::Formatter::make_help(app, std::move(name), mode), 0);
  }
};

void add_global_options(CLI::App& program, muster::cli::Shell& shell, std::string& level,
                        std::string& format) {
  program.add_option("--workspace", shell.workspace, "directory with muster.yaml")
      ->envname("MUSTER_WORKSPACE");
  program.add_flag("--json", shell.json_output, "one JSON object on standard output");
  program.add_flag("--yes", shell.yes, "answer confirmations with yes");
  program.add_option("--log-level", level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  program.add_option("--log-format", format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  program.set_version_flag("--version", "muster " MUSTER_VERSION);
}

void configure_log(const std::string& level, const std::string& format) {
  using muster::log::Severity;
  const auto severity = level == "debug"   ? Severity::kDebug
                        : level == "info"  ? Severity::kInfo
                        : level == "error" ? Severity::kError
                                           : Severity::kWarning;
  muster::log::configure(
      severity, format == "json" ? muster::log::Format::kJson : muster::log::Format::kText);
}

//! What stands where a command should and is none, if that is what is wrong.
std::optional<muster::Error> unknown_command(const CLI::App& program) {
  if (!program.get_subcommands().empty()) return std::nullopt;
  const auto rest = program.remaining();
  const auto word = std::find_if(rest.begin(), rest.end(),
                                 [](const auto& argument) { return !argument.starts_with('-'); });
  if (word == rest.end()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto* command : program.get_subcommands({})) names.push_back(command->get_name());
  const auto meant = muster::did_you_mean(*word, names);
  return muster::Error(muster::ErrorKind::kUsage, "cli.unknown_command",
                       fmt::format("there is no command '{}'", *word))
      .with_hint(meant.empty() ? "muster --help lists the commands"
                               : meant + " (muster --help lists the commands)");
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);
  catch_signals();
  muster::SystemClock clock;
  muster::cli::Shell shell(clock, cancellation);
  CLI::App program{
      "Keeps audiences at their destinations equal to your cohorts, and proves it.\n\n"
      "Example:\n  muster check && muster plan power_users && muster sync power_users",
      "muster"};
  std::string level = "warning";
  std::string format = "text";
  add_global_options(program, shell, level, format);
  program.formatter(std::make_shared<Help>());
  program.require_subcommand(1);
  program.fallthrough();
  // Commands run from callbacks, after every option is read.
  program.parse_complete_callback([&] { configure_log(level, format); });
  muster::cli::add_init(program, shell);
  muster::cli::add_check(program, shell);
  muster::cli::add_plugins(program, shell);
  muster::cli::add_cohorts(program, shell);
  muster::cli::add_connect(program, shell);
  muster::cli::add_connections(program, shell);
  muster::cli::add_plan(program, shell);
  muster::cli::add_sync(program, shell);
  muster::cli::add_verify(program, shell);
  muster::cli::add_explain(program, shell);
  muster::cli::add_history(program, shell);
  muster::cli::add_report(program, shell);
  muster::cli::add_serve(program, shell);
  muster::cli::add_disconnect(program, shell);
  muster::cli::add_uninstall(program, shell);
  try {
    program.parse(argc, argv);
    return end(shell);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    if (const auto unknown = unknown_command(program)) return fail(shell, *unknown);
    return fail(shell, muster::Error(muster::ErrorKind::kUsage, "cli.usage", error.what())
                           .with_hint("muster --help, or muster COMMAND --help"));
  } catch (const muster::Error& error) {
    return fail(shell, error);
  } catch (const std::bad_alloc&) {
    return fail(shell, muster::Error(muster::ErrorKind::kFailed, "host.memory", "out of memory"));
  } catch (const std::exception&) {
    // Nobody vouches that its text holds no secret.
    return fail(shell, muster::Error(muster::ErrorKind::kFailed, "host.failed",
                                     "muster failed unexpectedly")
                           .with_hint("this is a bug: please report what you did"));
  }
}
