#include "run/untouched_rows.hpp"

#include <algorithm>

#include "run/open_adds.hpp"
#include "run/removes.hpp"
#include "run/updates.hpp"

namespace muster {

void report_rows_not_sent(Session& session) {
  for (const auto& duplicate : session.cohort.duplicates()) {
    const auto first = session.spill.read(duplicate.first).source_id;
    const auto row = session.spill.read(duplicate.offset);
    session.report.add(
        {"none", row.source_id, row.identifier, "duplicate", "duplicate_of", first, {}});
  }
  for (const auto offset : session.cohort.rejected_rows()) {
    const auto row = session.spill.read(offset);
    session.report.add({"none", row.source_id, row.identifier, "dropped", row.reason, {}, {}});
  }
  session.report.flush();
}

void report_unplanned(Session& session) {
  std::vector<SpillOffset> offsets;
  for (const auto& member : session.cohort.members()) offsets.push_back(member.offset);
  std::sort(offsets.begin(), offsets.end());
  for (const auto offset : offsets) {
    const auto member = session.spill.read(offset);
    session.report.add({"none", member.source_id, member.identifier, "to_retry", {}, {}, {}});
  }
  session.report.flush();
}

void report_untried(Session& session, const Plan& plan) {
  for (const auto& dropped : plan.still_dropped) {
    const auto row = session.row_of(dropped.key);
    if (!row) continue;
    const auto member = session.spill.read(dropped.offset);
    session.report.add({"none", member.source_id, member.identifier, "dropped", row->reason,
                        row->detail, row->record_id});
  }
  session.still_refused_updates = plan.still_refused.size();
  for (const auto& refused : plan.still_refused) {
    const auto row = session.row_of(refused.key);
    if (!row) continue;
    const auto member = session.spill.read(refused.offset);
    session.report.add({"none", member.source_id, member.identifier, "not_updated",
                        "rejected_by_destination", row->detail, row->record_id});
  }
}

std::vector<PlannedUpdate> updates_of(const Session& session, const Plan& plan) {
  auto updates = plan.updates;
  const auto& unwritten = session.unwritten_properties;
  updates.insert(updates.end(), unwritten.begin(), unwritten.end());
  return updates;
}

std::vector<MemberKey> removes_of(const Plan& plan) {
  auto removes = plan.removes;
  removes.insert(removes.end(), plan.doubtful.begin(), plan.doubtful.end());
  return removes;
}

void report_merged_leavers(Session& session) {
  std::vector<MemberKey> keys;
  for (const auto& [key, record_id] : session.merged_leavers) keys.push_back(key);
  report_open_removes(session, keys);
}

void report_all_open(Session& session, const Plan& plan) {
  report_untried(session, plan);
  report_open_adds(session, plan.adds);
  report_open_updates(session, plan.updates);
  report_open_removes(session, removes_of(plan));
}

}  // namespace muster
