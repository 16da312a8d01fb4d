#include "run/merged_into.hpp"

#include "run/read_back.hpp"
#include "run/record_lookup.hpp"

namespace muster {

std::vector<MemberKey> members_merged_into(const MergedIntoParts& parts, const SyncRow& sync,
                                           const std::string& record_id) {
  auto& destination = parts.destination;
  const auto* kind = destination.descriptor().record_kind();
  if (kind == nullptr || sync.audience_ref.empty() || !destination.supports(MUSTER_LOOKUP_1) ||
      !destination.supports(MUSTER_READBACK_1)) {
    return {};
  }
  std::vector<MemberKey> merged;
  try {
    const AudienceRecords audience(destination, sync.audience_ref, parts.patience, parts.on_read);
    auto missing = compare(audience, parts.store, sync.id, [](RunId) { return false; }).missing;
    std::vector<std::string> records;
    records.reserve(missing.size());
    for (const auto& key : missing) {
      const auto row = parts.store.member(sync.id, key);
      records.push_back(row ? row->record_id : std::string{});
    }
    const auto survivors = look_up_all({destination, parts.patience, kind->id}, records);
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (survivors[i] == record_id) merged.push_back(missing[i]);
    }
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_AUDIENCE_GONE) throw;
  }
  return merged;
}

}  // namespace muster
