#include "simulation/claims.hpp"

#include <fmt/format.h>

#include "cohort/csv_reader.hpp"

namespace muster::simulation {
namespace {

std::uint64_t sum(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t total = 0;
  for (const auto& [reason, count] : counts) total += count;
  return total;
}

}  // namespace

std::map<std::string, Claim> claims_of(const RunResult& result, const People& people) {
  std::map<std::string, Claim> claims;
  for (const auto& row : people.rows()) {
    if (!row.duplicate) claims[row.source_id] = {};
  }
  CsvReader reader(open_byte_stream(result.report), "report", ',');
  std::vector<std::string_view> cells;
  reader.next(cells);  // the header
  while (reader.next(cells)) {
    const auto claim = claims.find(std::string(cells.at(2)));
    const auto outcome = cells.at(4);
    if (claim == claims.end() || cells.at(1) == "update") continue;  // no word of membership
    if (outcome == "dropped") {
      claim->second = {Claim::Kind::kDropped, std::string(cells.at(5))};
    } else if (outcome == "to_retry") {
      claim->second = {Claim::Kind::kToRetry, {}};
    } else {
      claim->second = {};
    }
  }
  return claims;
}

std::string fault_in_sums(const RunResult& result, const People& people,
                          const std::map<std::string, Claim>& claims) {
  const auto& f = result.run.figures;
  if (f.rows != f.members + f.duplicates) return "rows are not members and duplicates";
  if (f.members != f.listed + sum(f.dropped) + f.to_retry) {
    return "members are not listed, dropped and to be retried";
  }
  const bool everyone = f.listed == f.members && f.to_retry == 0;
  if (result.run.status == RunStatus::kSucceeded && !everyone) {
    return "a run with drops is called succeeded";
  }
  if (f.rows == 0) return {};  // it did not come to reading the cohort
  if (f.rows != people.rows().size() || f.members != claims.size()) {
    return "rows or members of the cohort are not counted";
  }
  std::map<std::string, std::uint64_t> dropped;
  std::uint64_t to_retry = 0;
  for (const auto& [source_id, claim] : claims) {
    if (claim.kind == Claim::Kind::kDropped) ++dropped[claim.reason];
    if (claim.kind == Claim::Kind::kToRetry) ++to_retry;
  }
  if (dropped != f.dropped) return "the report drops others than the figures";
  if (to_retry != f.to_retry) return "the report retries others than the figures";
  return {};
}

}  // namespace muster::simulation
