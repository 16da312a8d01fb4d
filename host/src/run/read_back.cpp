#include "run/read_back.hpp"

#include <algorithm>

#include "run/record_number.hpp"

namespace muster {
namespace {

//! Thrown out of the first page: enough was seen.
struct Seen {};

//! Members that an earlier reading did not find. Others were dropped for what the destination said.
bool was_written_off(const MemberRow& row) {
  return row.reason == "drifted" || row.reason == "silently_dropped";
}

std::vector<std::uint64_t> known_records(Store& store, SyncId sync) {
  std::vector<std::uint64_t> known;
  const auto rows = store.members(sync);
  MemberRow row;
  while (rows->next(row)) {
    if (!row.record_id.empty()) known.push_back(record_number(row.record_id));
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  return known;
}

}  // namespace

AudienceRecords::AudienceRecords(Destination& destination, std::string_view audience_ref,
                                 const std::function<void(std::uint64_t)>& on_progress) {
  destination.read_back(audience_ref, {},
                        [&](std::span<const std::string_view> ids, std::string_view) {
                          for (const auto id : ids) records_.push_back(record_number(id));
                          if (on_progress) on_progress(records_.size());
                        });
  std::sort(records_.begin(), records_.end());
  records_.erase(std::unique(records_.begin(), records_.end()), records_.end());
}

bool AudienceRecords::holds(std::string_view record_id) const {
  return std::binary_search(records_.begin(), records_.end(), record_number(record_id));
}

Comparison compare(const AudienceRecords& audience, Store& store, SyncId sync) {
  Comparison comparison;
  std::vector<std::uint64_t> ours;
  const auto rows = store.members(sync);
  MemberRow row;
  while (rows->next(row)) {
    const bool there = !row.record_id.empty() && audience.holds(row.record_id);
    if (there) ours.push_back(record_number(row.record_id));
    if (row.state == MemberState::kDropped) {
      if (there) {
        comparison.found.push_back(row.key);
      } else if (was_written_off(row)) {
        ++comparison.still_missing;
      }
    }
    if (row.state != MemberState::kListed) continue;
    if (there) {
      ++comparison.confirmed;
    } else {
      comparison.missing.push_back(row.key);
    }
  }
  std::sort(ours.begin(), ours.end());
  ours.erase(std::unique(ours.begin(), ours.end()), ours.end());
  comparison.strangers = audience.size() - ours.size();
  return comparison;
}

std::vector<std::string> stranger_ids(Destination& destination, std::string_view audience_ref,
                                      Store& store, SyncId sync) {
  const auto known = known_records(store, sync);
  std::vector<std::string> strangers;
  destination.read_back(
      audience_ref, {}, [&](std::span<const std::string_view> ids, std::string_view) {
        for (const auto id : ids) {
          if (!std::binary_search(known.begin(), known.end(), record_number(id))) {
            strangers.emplace_back(id);
          }
        }
      });
  return strangers;
}

bool audience_exists(Destination& destination, std::string_view audience_ref) {
  try {
    destination.read_back(
        audience_ref, {},
        [](std::span<const std::string_view>, std::string_view) { throw Seen{}; });
  } catch (const Seen&) {
    return true;
  } catch (const DestinationError& error) {
    if (error.status() == MUSTER_AUDIENCE_GONE) return false;
    throw;
  }
  return true;
}

}  // namespace muster
