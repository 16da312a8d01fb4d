// Changes that were pushed, as sources: those who enter (or leave) alone, and a whole cohort with
// what was pushed since it was computed laid over it. One thread.
#pragma once

#include <cstdint>
#include <functional>
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
  enum class Direction { kEnters, kLeaves };

  //! Messages in the order of their arrival.
  void add(PushedMessage message, bool waits);
  //! Without those whom no user id tells.
  const std::map<std::string, Change>& by_user() const noexcept { return changes_; }
  //! Whose newest change goes that way and is not applied yet. Where a newer one was applied, the
  //! one that waits came late. Who has no user id is among them, by no other value either: which of
  //! two changes of such a person is the newer one, nobody could say.
  std::vector<const PushedUser*> waiting(Direction direction) const;

 private:
  std::map<std::string, Change> changes_;
  std::map<Direction, std::size_t> unnamed_;  //!< that wait
};

//! Users from changes; their columns are `user_id`, as the whole cohort's source calls it too, and
//! their properties.
class PushedSource final : public Source {
 public:
  //! `users` is asked at the opening: by then nobody else applies changes. `id_column`: the column
  //! of the whole cohort's source that holds the user id.
  explicit PushedSource(std::function<std::vector<const PushedUser*>()> users,
                        std::string id_column = "user_id")
      : find_(std::move(users)), id_column_(std::move(id_column)) {}
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override { return {at_, users_.size()}; }
  std::vector<SourceNotice> notices() const override { return {}; }

 private:
  std::function<std::vector<const PushedUser*>()> find_;
  std::string id_column_;
  std::vector<const PushedUser*> users_;
  Columns columns_;
  std::size_t at_ = 0;
};

//! `cohort`, without whom the changes take out, and with whom they bring in. Rows are known to be
//! a user by the source's own id.
class OverlaidSource final : public Source {
 public:
  //! Clocks differ, and what is written or computed takes a while: a change that was computed so
  //! long before the cohort, or later, is laid over it.
  static constexpr Milliseconds kMargin = std::chrono::minutes(10);

  //! `changes` is asked at each opening: by then nobody else applies changes. `id_column`: the
  //! cohort's column that holds the user id.
  OverlaidSource(std::unique_ptr<Source> cohort, const Clock& clock,
                 std::function<PushedChanges()> changes, std::string id_column = "user_id")
      : cohort_(std::move(cohort)),
        clock_(clock),
        find_(std::move(changes)),
        id_column_(std::move(id_column)) {}
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override { return cohort_->progress(); }
  std::vector<SourceNotice> notices() const override { return cohort_->notices(); }
  std::optional<SourceBudget> budget() const override { return cohort_->budget(); }
  //! Changes computed later were laid over the cohort: kMargin before it was computed, and never
  //! later than kMargin before it was opened.
  std::optional<Instant> as_of() const override { return as_of_; }
  void settle() override { cohort_->settle(); }
  void set_heartbeat(std::function<void()> beat) override {
    cohort_->set_heartbeat(std::move(beat));
  }

 private:
  std::unique_ptr<Source> cohort_;
  const Clock& clock_;
  std::function<PushedChanges()> find_;
  std::string id_column_;
  std::optional<Instant> as_of_;
  std::uint64_t last_line_ = 0;  //!< of the cohort's own members
  PushedChanges changes_;
  Columns columns_;
  std::map<std::string, const PushedChanges::Change*, std::less<>> open_;  //!< not met yet
  std::unique_ptr<PushedSource> rest_;  //!< who is not in the cohort as it was read
};

//! Unix seconds of an instant, as messages have them; -1 where it is not known.
std::int64_t pushed_time(std::optional<Instant> instant);

}  // namespace muster
