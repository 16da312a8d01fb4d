#include "run/open_records.hpp"

#include "run/record_lookup.hpp"
#include "run/record_number.hpp"

namespace muster {

std::vector<std::uint64_t> records_of_open(Session& session, const std::vector<PlannedAdd>& adds,
                                           const std::vector<bool>& settled) {
  auto& destination = session.context.destination;
  std::vector<std::uint64_t> records;
  std::vector<std::string> known;
  std::vector<SpillOffset> unknown;  // offsets of their identifiers
  for (std::size_t i = 0; i < adds.size(); ++i) {
    if (settled[i]) continue;
    const auto row = session.context.store.member(session.sync.id, adds[i].key);
    if (row && !row->record_id.empty()) {
      records.push_back(record_number(row->record_id));
      known.push_back(row->record_id);
    } else {
      unknown.push_back(adds[i].offset);
    }
  }
  if (!destination.supports(MUSTER_LOOKUP_1)) return records;
  auto patience = session.patience();
  const auto add = [&](std::size_t, const std::string& record) {
    if (!record.empty()) records.push_back(record_number(record));
  };
  look_up_each(
      {destination, patience, session.rules.kind}, unknown.size(),
      [&](std::size_t i) { return session.spill.read(unknown[i]).identifier; }, add);
  // A record may have been merged into that of who leaves.
  if (const auto* of_records = destination.descriptor().record_kind()) {
    look_up_each(
        {destination, patience, of_records->id}, known.size(),
        [&](std::size_t i) { return known[i]; }, add);
  }
  return records;
}

}  // namespace muster
