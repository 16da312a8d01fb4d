// muster report: the CSV of one run.
#include <fmt/format.h>

#include <fstream>
#include <limits>

#include "cli/commands.hpp"
#include "run/report.hpp"

namespace muster::cli {
namespace {

void show_report(const Shell& shell, std::int64_t run) {
  const auto workspace = shell.open_workspace();
  workspace->look_only();
  const auto file = report_file(workspace->reports_directory(), RunId{run});
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw Error(ErrorKind::kFailed, "report.missing",
                fmt::format("there is no report of run {}", run))
        .at(file.string())
        .with_hint("`muster history` lists the runs; reports are kept as long as muster.yaml says");
  }
  if (shell.json_output) {
    shell.print(json::object{{"run", run}, {"report", file.string()}});
    return;
  }
  std::string block(64 * 1024, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    shell.write({block.data(), static_cast<std::size_t>(in.gcount())});
  }
}

}  // namespace

void add_report(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "report",
      "Print the CSV of one run: every operation, drop and duplicate. It names people.\n\n"
      "Example:\n  muster report 17 > run17.csv");
  auto run = std::make_shared<std::int64_t>(0);
  command->add_option("RUN", *run, "a run of `muster history`")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max(), "a number"));
  command->callback([&shell, run] { show_report(shell, *run); });
}

}  // namespace muster::cli
