#include "run/open_adds.hpp"

namespace muster {

void report_open_adds(Session& session, const std::vector<PlannedAdd>& adds) {
  report_open_adds(session, adds, std::vector<bool>(adds.size(), false));
}

void report_open_adds(Session& session, const std::vector<PlannedAdd>& adds,
                      const std::vector<bool>& settled) {
  for (std::size_t i = 0; i < adds.size(); ++i) {
    if (settled[i]) continue;
    const auto member = session.spill.read(adds[i].offset);
    session.report.add({"add", member.source_id, member.identifier, "to_retry", {}, {}, {}});
  }
  session.report.flush();
}

}  // namespace muster
