#include "schedule/source_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "cohort/amplitude_api.hpp"
#include "cohort/amplitude_budget.hpp"
#include "schedule/cadence.hpp"

namespace muster {
namespace {

//! A sync, and how often it downloads in the fullest month.
struct Share {
  const SyncConfig* sync;
  std::size_t downloads;
};

std::optional<std::string> project_of(const SyncConfig& sync) {
  const auto* source = std::get_if<AmplitudeOptions>(&sync.source);
  if (source == nullptr) return std::nullopt;
  const auto& key = source->project.api_key;
  const auto address = address_of(source->project);
  try {
    return fmt::format("{}/{}", address, key.resolve());
  } catch (const Error&) {
    // Where its key is told by one reference, it is one project.
    return fmt::format("{}/{} {}", address, static_cast<int>(key.kind), key.name);
  }
}

//! The shortest interval, in minutes, at which so many syncs fit together.
std::size_t fitting(std::size_t syncs, std::size_t limit) {
  constexpr std::size_t kMinutes = 31 * 24 * 60;
  const auto each = std::max<std::size_t>(1, limit / syncs);
  return (kMinutes + each - 1) / each;
}

Error too_often(const std::vector<Share>& shares, std::size_t total, std::size_t limit) {
  const auto* most = &shares.front();
  std::string sum;
  for (const auto& share : shares) {
    if (share.downloads > most->downloads) most = &share;
    sum += fmt::format("{}{} ({}: {})", sum.empty() ? "" : " + ", share.downloads, share.sync->name,
                       share.sync->cadence);
  }
  if (shares.size() > 1) sum += fmt::format(" = {}", total);
  return Error(
             ErrorKind::kUsage, "config.amplitude_budget",
             fmt::format("the cadence can't fit: {} downloads in a month of 31 days, and Amplitude "
                         "allows a project {}",
                         sum, limit))
      .at(most->sync->cadence_where)
      .with_hint(fmt::format("{} every {}m or rarer would fit",
                             shares.size() == 1 ? "once" : "each of these syncs",
                             fitting(shares.size(), limit)));
}

}  // namespace

void check_source_budgets(const WorkspaceConfig& config, const ToldLimit& told_limit) {
  std::map<std::string, std::vector<Share>> projects;
  for (const auto& sync : config.syncs) {
    const auto project = project_of(sync);
    if (!project) continue;
    const auto downloads = Cadence::parse(sync.cadence).most_in_a_month();
    if (downloads > 0) projects[*project].push_back({&sync, downloads});
  }
  for (const auto& [project, shares] : projects) {
    std::size_t total = 0;
    for (const auto& share : shares) total += share.downloads;
    const auto told = told_limit ? told_limit(*shares.front().sync) : std::nullopt;
    const auto limit = told.value_or(AmplitudeBudget::kMonthlyDownloads);
    if (total > limit) throw too_often(shares, total, limit);
  }
}

void check_source_budgets(Workspace& workspace) {
  check_source_budgets(workspace.config(),
                       [&](const SyncConfig& sync) -> std::optional<std::uint64_t> {
                         try {
                           const auto budget = workspace.source_budget(sync);
                           return budget ? budget->told_limit : std::nullopt;
                         } catch (const Error&) {
                           return std::nullopt;  // a state that can't be read is told elsewhere
                         }
                       });
}

}  // namespace muster
