// The rows of a sync as a run that begins anew finds them. Part of a plan; its thread.
#pragma once

#include <memory>
#include <utility>

#include "state/store.hpp"

namespace muster {

//! The members of a list that is gone, as they are once a run has found that out
//! (Store::reopen_members).
class ReopenedMembers final : public MemberCursor {
 public:
  explicit ReopenedMembers(std::unique_ptr<MemberCursor> members) : members_(std::move(members)) {}
  bool next(MemberRow& row) override {
    if (!members_->next(row)) return false;
    const bool drifted = row.state == MemberState::kDropped && row.reason == "drifted";
    if (row.state != MemberState::kDropped || drifted) row.state = MemberState::kPending;
    return true;
  }

 private:
  std::unique_ptr<MemberCursor> members_;
};

}  // namespace muster
