// simulation: whole syncs in one process, one seed after the other, every promise checked.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/log.hpp"
#include "simulation/scenario.hpp"

int main(int argc, char** argv) {
  using muster::simulation::Mutation;
  CLI::App app{
      "Runs whole syncs with faults, in virtual time.\n\nExample:\n  simulation --seeds 500\n"
      "  simulation --seed 17 --verbose"};
  std::uint64_t seeds = 500;
  std::uint64_t first = 1;
  std::optional<std::uint64_t> only;
  bool verbose = false;
  bool twice = false;
  bool expect_caught = false;
  auto mutation = Mutation::kNone;
  app.add_option("--seeds", seeds, "how many seeds");
  app.add_option("--first", first, "the first of them");
  app.add_option("--seed", only, "this seed alone");
  app.add_flag("--verbose", verbose, "every request");
  app.add_flag("--twice", twice, "each seed twice: the traces must be the same");
  app.add_option("--mutation", mutation, "a deliberate bug")
      ->transform(CLI::CheckedTransformer(muster::simulation::mutations()));
  app.add_flag("--expect-caught", expect_caught, "succeed when a seed finds the deliberate bug");
  CLI11_PARSE(app, argc, argv);
  muster::log::configure(muster::log::Severity::kError, muster::log::Format::kText);
  const auto program = std::filesystem::canonical("/proc/self/exe");
  const auto installation = (program.parent_path().parent_path() / "lib" / "muster").string();
  if (only) {
    first = *only;
    seeds = 1;
  }
  std::string with_mutation;
  for (const auto& [name, value] : muster::simulation::mutations()) {
    if (value == mutation && value != Mutation::kNone) with_mutation = " --mutation " + name;
  }
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t failed = 0;
  muster::simulation::Outcome sum;
  for (auto seed = first; seed < first + seeds; ++seed) {
    const auto outcome = muster::simulation::run_seed(seed, mutation, installation, verbose);
    sum.runs += outcome.runs;
    sum.requests += outcome.requests;
    sum.deaths += outcome.deaths;
    sum.faults += outcome.faults;
    auto violations = outcome.violations;
    if (twice &&
        muster::simulation::run_seed(seed, mutation, installation, false).trace != outcome.trace) {
      violations.push_back("the same seed gave another trace");
    }
    if (violations.empty()) continue;
    ++failed;
    if (expect_caught) {
      fmt::print("caught by seed {}: {}\n", seed, violations.front());
      return 0;
    }
    for (const auto& violation : violations) fmt::print("seed {}: {}\n", seed, violation);
    fmt::print("  replay: {} --seed {}{} --verbose\n", program.string(), seed, with_mutation);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("{} seeds, {} failed: {} runs, {} requests, {} faults, {} deaths, in {:.1f} s\n",
             seeds, failed, sum.runs, sum.requests, sum.faults, sum.deaths, took.count());
  if (expect_caught) fmt::print("the deliberate bug was not caught\n");
  return failed == 0 && !expect_caught ? 0 : 1;
}
