#include "run/tally.hpp"

#include <cassert>
#include <numeric>

namespace muster {

void Tally::read(const CohortIndex& cohort) {
  has_read_ = true;
  figures_.rows = cohort.rows();
  figures_.members = cohort.member_count();
  figures_.duplicates = cohort.duplicates().size();
  figures_.listed = figures_.added = figures_.unchanged = 0;
  figures_.to_retry = cohort.members().size();
  figures_.dropped = cohort.rejected();
  check();
}

void Tally::start(const CohortIndex& cohort, const Plan& plan) {
  read(cohort);
  started_ = true;
  figures_.listed = plan.unchanged;
  // Planned anew, for a list that was restored meanwhile: whom it holds by this run is added.
  figures_.added = plan.listed_by_run;
  figures_.unchanged = plan.unchanged - plan.listed_by_run;
  figures_.to_retry = plan.adds.size();
  for (const auto& [reason, count] : plan.still_dropped_by_reason) {
    figures_.dropped[reason] += count;
  }
  check();
}

void Tally::listed(Newly newly) {
  assert(figures_.to_retry > 0);
  --figures_.to_retry;
  ++figures_.listed;
  ++(newly == Newly::kListed ? figures_.added : figures_.unchanged);
  check();
}

void Tally::dropped(const std::string& reason) {
  assert(figures_.to_retry > 0);
  --figures_.to_retry;
  ++figures_.dropped[reason];
  check();
}

void Tally::reopen(Newly newly) {
  auto& counted = newly == Newly::kListed ? figures_.added : figures_.unchanged;
  assert(figures_.listed > 0 && counted > 0);
  --figures_.listed;
  --counted;
  ++figures_.to_retry;
  check();
}

void Tally::lost(Newly newly, const std::string& reason) {
  reopen(newly);
  --figures_.to_retry;
  ++figures_.dropped[reason];
  check();
}

void Tally::retry(const std::string& reason) {
  take_dropped(reason);
  ++figures_.to_retry;
  check();
}

void Tally::found(const std::string& reason) {
  take_dropped(reason);
  ++figures_.listed;
  ++figures_.unchanged;
  check();
}

void Tally::take_dropped(const std::string& reason) {
  const auto dropped = figures_.dropped.find(reason);
  assert(dropped != figures_.dropped.end() && dropped->second > 0);
  if (--dropped->second == 0) figures_.dropped.erase(dropped);
}

void Tally::check() const {
  [[maybe_unused]] const auto dropped =
      std::accumulate(figures_.dropped.begin(), figures_.dropped.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
  assert(figures_.rows == figures_.members + figures_.duplicates);
  assert(figures_.members == figures_.listed + dropped + figures_.to_retry);
}

}  // namespace muster
