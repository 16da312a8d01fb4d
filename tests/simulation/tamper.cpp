#include "simulation/tamper.hpp"

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace muster::simulation {
namespace {

//! Each row is kept, changed, or left out where it comes back empty.
void rewrite(const std::filesystem::path& report,
             const std::function<std::string(const std::string&)>& change) {
  std::ifstream in(report, std::ios::binary);
  std::ostringstream changed;
  for (std::string row; std::getline(in, row);) {
    const auto now = change(row + '\n');
    changed << now;
  }
  std::ofstream(report, std::ios::binary) << changed.str();
}

//! Leaves out the first row, or all, that have `part`.
void leave_out(const std::filesystem::path& report, const std::string& part, bool all) {
  bool done = false;
  rewrite(report, [&](const std::string& row) {
    if ((done && !all) || row.find(part) == std::string::npos) return row;
    done = true;
    return std::string{};
  });
}

//! Whoever was added first is told once more, as one to be retried.
void tell_twice(const std::filesystem::path& report) {
  bool done = false;
  rewrite(report, [&](const std::string& row) {
    const auto added = row.find(",added,");
    if (done || added == std::string::npos) return row;
    done = true;
    return row.substr(0, added) + ",to_retry,,,,\r\n" + row;
  });
}

void list_nobody(RunResult& result) {
  auto& figures = result.run.figures;
  const auto found = figures.dropped.find("no_identifier");
  if (found == figures.dropped.end()) return;
  figures.listed += found->second;
  figures.unchanged += found->second;
  figures.dropped.erase(found);
  leave_out(result.report, ",dropped,no_identifier,", true);
}

}  // namespace

void tamper(Mutation mutation, RunResult& result) {
  auto& figures = result.run.figures;
  switch (mutation) {
    case Mutation::kMiscounts:
      figures.to_retry = 0;
      return;
    case Mutation::kDoubleReport:
      return tell_twice(result.report);
    case Mutation::kDropUntold:
      return leave_out(result.report, ",dropped,", false);
    case Mutation::kNobodyListed:
      return list_nobody(result);
    case Mutation::kRemovalUntold:
      figures.removed = 0;
      return leave_out(result.report, ",remove,", true);
    case Mutation::kCreationUncounted:
      figures.created = 0;
      return;
    default:
      return;
  }
}

}  // namespace muster::simulation
