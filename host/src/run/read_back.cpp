#include "run/read_back.hpp"

#include <algorithm>
#include <utility>

#include "run/record_number.hpp"

namespace muster {
namespace {

//! Thrown out of the first page: enough was seen.
struct Seen {};

//! A row of whoever was to leave the audience: being removed, or removed and not confirmed yet
//! (pending without a seal).
bool is_to_leave(const MemberRow& row) {
  return row.state == MemberState::kLeaving ||
         (row.state == MemberState::kPending && row.sealed_identifier.empty());
}

//! Streams the record ids of an audience, page by page.
void read_pages(Destination& destination, std::string_view audience_ref, Patience& patience,
                const std::function<void(std::span<const std::string_view>)>& on_page) {
  std::string cursor;
  bool complete = false;
  patience.ask([&] {
    if (complete) return;
    destination.read_back(audience_ref, cursor,
                          [&](std::span<const std::string_view> ids, std::string_view next) {
                            on_page(ids);
                            cursor = next;
                            complete = next.empty();
                            patience.progress();
                          });
  });
}

}  // namespace

bool was_written_off(const MemberRow& row) {
  return row.state == MemberState::kDropped &&
         (row.reason == "drifted" || row.reason == "silently_dropped");
}

AudienceRecords::AudienceRecords(Destination& destination, std::string_view audience_ref,
                                 Patience& patience,
                                 const std::function<void(std::uint64_t)>& on_progress) {
  read_pages(destination, audience_ref, patience, [&](std::span<const std::string_view> ids) {
    for (const auto id : ids) {
      const auto number = record_number(id);
      records_.push_back(number);
      if (std::to_string(number) != id) texts_.emplace(number, id);
    }
    if (on_progress) on_progress(records_.size());
  });
  if (!std::is_sorted(records_.begin(), records_.end())) {
    std::sort(records_.begin(), records_.end());
  }
  records_.erase(std::unique(records_.begin(), records_.end()), records_.end());
}

bool AudienceRecords::holds(std::string_view record_id) const {
  return holds(record_number(record_id));
}

bool AudienceRecords::holds(std::uint64_t number) const {
  return std::binary_search(records_.begin(), records_.end(), number);
}

std::uint64_t AudienceRecords::place(std::uint64_t number) const {
  const auto found = std::lower_bound(records_.begin(), records_.end(), number);
  if (found == records_.end() || *found != number) return size();
  return static_cast<std::uint64_t>(found - records_.begin());
}

std::deque<std::uint64_t> AudienceRecords::strangers(Store& store, SyncId sync) const {
  std::vector<bool> known(size());
  const auto rows = store.members(sync);
  MemberRow row;
  while (rows->next(row)) {
    if (row.record_id.empty()) continue;
    if (const auto at = place(record_number(row.record_id)); at < size()) known[at] = true;
  }
  std::deque<std::uint64_t> strangers;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!known[i]) strangers.push_back(records_[i]);
  }
  return strangers;
}

std::string AudienceRecords::record_id(std::uint64_t number) const {
  const auto text = texts_.find(number);
  return text == texts_.end() ? std::to_string(number) : text->second;
}

Comparison compare(const AudienceRecords& audience, Store& store, SyncId sync,
                   const IsRecent& is_recent) {
  Comparison comparison;
  std::vector<bool> ours(audience.size());
  std::vector<bool> stays(audience.size());
  std::vector<std::pair<MemberKey, std::uint64_t>> leavers;  // with their places
  const auto rows = store.members(sync);
  MemberRow row;
  while (rows->next(row)) {
    const auto place =
        row.record_id.empty() ? audience.size() : audience.place(record_number(row.record_id));
    const bool there = place < audience.size();
    if (there) ours[place] = true;
    if (there && is_to_leave(row)) {
      leavers.emplace_back(row.key, place);
    } else if (there) {
      stays[place] = true;
    }
    if (row.state == MemberState::kDropped) {
      if (there) {
        comparison.found.push_back(row.key);
      } else if (was_written_off(row)) {
        comparison.still_gone.push_back(row.key);
      }
    }
    if (row.state != MemberState::kListed) continue;
    if (there) {
      ++comparison.confirmed;
      continue;
    }
    comparison.missing.push_back(row.key);
    if (is_recent(row.since)) ++comparison.recent_missing;
  }
  // Whose record another member has, too, stays in.
  for (const auto& [key, place] : leavers) {
    if (!stays[place]) comparison.leavers.push_back(key);
  }
  comparison.strangers = static_cast<std::uint64_t>(std::count(ours.begin(), ours.end(), false));
  return comparison;
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
