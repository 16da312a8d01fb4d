#include "simulation/claims.hpp"

#include <fmt/format.h>

#include "cohort/csv_reader.hpp"

namespace muster::simulation {
namespace {

bool is_of_membership(const Told& row) { return row.operation != "update"; }

//! Whether `next` may amend `last`, told before of the same member.
bool may_follow(const Told& last, const Told& next, const Surprises& surprises) {
  if (last.outcome == "to_retry") return false;
  // Who was written off is seen in the list.
  if (last.outcome == "dropped" && next.outcome == "found") return true;
  if (surprises.list_made_again) return true;
  if (surprises.nobody_interfered) return false;
  // Missing from the list as it was read: sent again, or written off.
  return last.outcome != "dropped" && (next.operation == "add" || next.operation == "verify");
}

}  // namespace

std::vector<Told> rows_of(const RunResult& result) {
  std::vector<Told> told;
  CsvReader reader(open_byte_stream(result.report), "report", ',');
  std::vector<std::string_view> cells;
  reader.next(cells);  // the header
  while (reader.next(cells)) {
    told.push_back({std::string(cells.at(1)), std::string(cells.at(2)), std::string(cells.at(4)),
                    std::string(cells.at(5)), std::string(cells.at(7)), std::string(cells.at(6))});
  }
  return told;
}

std::map<std::string, Claim> claims_of(const std::vector<Told>& told, const People& people) {
  std::map<std::string, Claim> claims;
  for (const auto& row : people.rows()) {
    if (!row.duplicate) claims[row.source_id] = {};
  }
  for (const auto& row : told) {
    const auto claim = claims.find(row.source_id);
    if (claim == claims.end() || !is_of_membership(row)) continue;
    if (row.outcome == "dropped") {
      claim->second = {Claim::Kind::kDropped, row.reason, false};
    } else if (row.outcome == "to_retry") {
      claim->second = {Claim::Kind::kToRetry, {}, false};
    } else {
      claim->second = {Claim::Kind::kListed, {}, row.outcome == "added"};
    }
  }
  return claims;
}

std::string fault_in_outcomes(const std::vector<Told>& told, const People& people,
                              const Surprises& surprises) {
  std::map<std::string, const Told*> last;
  for (const auto& row : people.rows()) {
    if (!row.duplicate) last[row.source_id] = nullptr;
  }
  for (const auto& row : told) {
    const auto member = last.find(row.source_id);
    if (member == last.end() || !is_of_membership(row)) continue;
    if (member->second != nullptr && !may_follow(*member->second, row, surprises)) {
      return fmt::format("{} has two outcomes: {} {}, and {} {}", row.source_id,
                         member->second->operation, member->second->outcome, row.operation,
                         row.outcome);
    }
    member->second = &row;
  }
  return {};
}

}  // namespace muster::simulation
