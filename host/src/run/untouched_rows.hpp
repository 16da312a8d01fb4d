// The rows in the report of what a run does not send: rows of the source that stand for nobody new,
// members that stay dropped, and what a run that ends early did not come to. Part of a run.
#pragma once

#include <vector>

#include "run/session.hpp"

namespace muster {

//! Duplicates and rejected rows of the source.
void report_rows_not_sent(Session& session);

//! Whoever of the cohort could be sent, in a run that ended before it had a plan.
void report_unplanned(Session& session);

void report_untried(Session& session, const Plan& plan);

//! The updates of the run so far: of the plan, and of members that its adds left unwritten.
std::vector<PlannedUpdate> updates_of(const Session& session, const Plan& plan);

//! Of the plan: who leaves, and who may yet be in the audience.
std::vector<MemberKey> removes_of(const Plan& plan);

//! Who was set aside, to be removed once all records are known, in a run that ended before that.
void report_merged_leavers(Session& session);

//! All of a run that was stopped before its first write.
void report_all_open(Session& session, const Plan& plan);

}  // namespace muster
