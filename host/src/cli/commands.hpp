// Every command of muster, each in a file of its own: adds itself to the program, and runs when it
// is chosen.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/shell.hpp"

namespace muster::cli {

void add_check(CLI::App& program, Shell& shell);
void add_plugins(CLI::App& program, Shell& shell);
void add_init(CLI::App& program, Shell& shell);
void add_cohorts(CLI::App& program, Shell& shell);
void add_connect(CLI::App& program, Shell& shell);
void add_connections(CLI::App& program, Shell& shell);
void add_plan(CLI::App& program, Shell& shell);
void add_sync(CLI::App& program, Shell& shell);
void add_verify(CLI::App& program, Shell& shell);
void add_explain(CLI::App& program, Shell& shell);
void add_history(CLI::App& program, Shell& shell);
void add_report(CLI::App& program, Shell& shell);
void add_serve(CLI::App& program, Shell& shell);
void add_disconnect(CLI::App& program, Shell& shell);
void add_uninstall(CLI::App& program, Shell& shell);

}  // namespace muster::cli
