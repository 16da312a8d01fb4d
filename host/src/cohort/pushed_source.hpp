// Changes that were pushed, as sources: those who enter (or leave) alone, and a whole cohort with
// what was pushed since it was computed laid over it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cohort/pushed_message.hpp"
#include "cohort/source.hpp"

namespace muster {

//! The newest change of each user: by the time of its computation, then by arrival.
class PushedChanges {
 public:
  struct Change {
    bool enters = true;
    bool waits = true;  //!< not applied yet
    std::int64_t computed = 0;
    PushedUser user;
  };
  //! Messages in the order of their arrival.
  void add(PushedMessage message, bool waits);
  const std::map<std::string, Change>& by_user() const noexcept { return changes_; }

 private:
  std::map<std::string, Change> changes_;
};

//! Users from changes; their columns are `user_id` and their properties.
class PushedSource final : public Source {
 public:
  explicit PushedSource(std::vector<const PushedUser*> users) : users_(std::move(users)) {}
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override { return {at_, users_.size()}; }
  std::vector<SourceNotice> notices() const override { return {}; }

 private:
  std::vector<const PushedUser*> users_;
  Columns columns_;
  std::size_t at_ = 0;
};

//! `cohort`, without whom the changes take out, and with whom they bring in. Rows are known to be
//! a user by the source's own id. Borrows both.
class OverlaidSource final : public Source {
 public:
  OverlaidSource(Source& cohort, const PushedChanges& changes)
      : cohort_(cohort), changes_(changes) {}
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override { return cohort_.progress(); }
  std::vector<SourceNotice> notices() const override { return cohort_.notices(); }
  std::optional<SourceBudget> budget() const override { return cohort_.budget(); }
  std::optional<Instant> as_of() const override { return cohort_.as_of(); }
  void set_heartbeat(std::function<void()> beat) override {
    cohort_.set_heartbeat(std::move(beat));
  }

 private:
  Source& cohort_;
  const PushedChanges& changes_;
  Columns columns_;
  std::int64_t computed_ = 0;  //!< changes computed later are laid over
  std::map<std::string, const PushedChanges::Change*, std::less<>> open_;
  std::vector<const PushedUser*> entering_;  //!< who is not in the cohort as it was read
  std::unique_ptr<PushedSource> rest_;
};

}  // namespace muster
