// Runs and what they changed, as the state keeps them.
#include <gtest/gtest.h>

#include "state/support.hpp"

namespace muster {
namespace {

using testing::key_of;
using testing::kNow;
using testing::new_sync;
using testing::StoreTest;

TEST_F(StoreTest, TheLastProvedRunIsTheNewestOfTheSyncThatReadItsAudience) {
  EXPECT_EQ(store_->last_proved_run("power_users"), RunId{});
  RunRow proved;
  proved.sync = "power_users";
  proved.started = kNow;
  proved.id = store_->start_run(proved);
  proved.figures.verified = VerifiedFigures{1, 0, 0};
  store_->update_run(proved);
  start_run("power_users");
  auto of_another = proved;
  of_another.sync = "other";
  of_another.id = store_->start_run(of_another);
  store_->update_run(of_another);
  EXPECT_EQ(store_->last_proved_run("power_users"), proved.id);
}

TEST_F(StoreTest, ARunComesBackWithItsFiguresAndDrops) {
  RunRow run;
  run.sync = "power_users";
  run.started_by = StartedBy::kSchedule;
  run.mode = RunMode::kIncremental;
  run.started = kNow;
  run.id = store_->start_run(run);
  EXPECT_EQ(store_->run(run.id)->status, RunStatus::kRunning);
  EXPECT_FALSE(store_->run(run.id)->finished);
  run.status = RunStatus::kCompletedWithDrops;
  run.finished = kNow + Milliseconds{5};
  run.figures = {1,
                 2,
                 3,
                 4,
                 5,
                 6,
                 7,
                 8,
                 {{"not_found", 9}, {"drifted", 10}},
                 11,
                 {},
                 15,
                 Milliseconds{16},
                 Milliseconds{17},
                 19,
                 20};
  run.figures.verified = VerifiedFigures{12, 13, 14, 18};
  run.error_code = "code";
  run.error_message = "message";
  store_->update_run(run);
  open_again();
  const auto read = store_->run(run.id);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status, RunStatus::kCompletedWithDrops);
  EXPECT_EQ(read->mode, RunMode::kIncremental);
  EXPECT_EQ(read->started_by, StartedBy::kSchedule);
  EXPECT_EQ(read->finished, run.finished);
  const auto& figures = read->figures;
  EXPECT_EQ(figures.rows, 1U);
  EXPECT_EQ(figures.members, 2U);
  EXPECT_EQ(figures.duplicates, 3U);
  EXPECT_EQ(figures.listed, 4U);
  EXPECT_EQ(figures.added, 5U);
  EXPECT_EQ(figures.created, 6U);
  EXPECT_EQ(figures.removed, 7U);
  EXPECT_EQ(figures.unchanged, 8U);
  EXPECT_EQ(figures.dropped, run.figures.dropped);
  EXPECT_EQ(figures.to_retry, 11U);
  ASSERT_TRUE(figures.verified);
  EXPECT_EQ(figures.verified->confirmed, 12U);
  EXPECT_EQ(figures.verified->missing, 13U);
  EXPECT_EQ(figures.verified->strangers, 14U);
  EXPECT_EQ(figures.verified->leavers, 18U);
  EXPECT_EQ(figures.calls, 15U);
  EXPECT_EQ(figures.throttled, Milliseconds{16});
  EXPECT_EQ(figures.duration, Milliseconds{17});
  EXPECT_EQ(figures.not_updated, 19U);
  EXPECT_EQ(figures.not_removed, 20U);
  EXPECT_EQ(read->error_code, "code");
  EXPECT_EQ(read->error_message, "message");
}

TEST_F(StoreTest, UpdatingARunTwiceReplacesItsDrops) {
  RunRow run;
  run.sync = "power_users";
  run.id = store_->start_run(run);
  run.figures.dropped = {{"not_found", 2}, {"drifted", 1}};
  store_->update_run(run);
  run.figures.dropped = {{"not_found", 1}};
  store_->update_run(run);
  EXPECT_EQ(store_->run(run.id)->figures.dropped, run.figures.dropped);
}

TEST_F(StoreTest, RunsOverWholeCohortsAreFoundAmongThoseOverPushedChanges) {
  const auto start = [&](StartedBy who) {
    RunRow run;
    run.sync = "power_users";
    run.started_by = who;
    return store_->start_run(run);
  };
  start(StartedBy::kPerson);
  const auto whole = start(StartedBy::kSchedule);
  for (int i = 0; i < 5; ++i) start(StartedBy::kPush);
  RunFilter filter;
  filter.sync = "power_users";
  filter.limit = 1;
  EXPECT_EQ(store_->runs(filter).at(0).started_by, StartedBy::kPush);
  filter.runs = RunFilter::Runs::kWhole;
  ASSERT_EQ(store_->runs(filter).size(), 1U);
  EXPECT_EQ(store_->runs(filter).at(0).id, whole);
}

TEST_F(StoreTest, RunsComeNewestFirstOfOneSyncOrOfAll) {
  const auto first = start_run("power_users");
  const auto second = start_run("other");
  const auto third = start_run("power_users");
  const auto ids = [](const std::vector<RunRow>& runs) {
    std::vector<RunId> found;
    for (const auto& run : runs) found.push_back(run.id);
    return found;
  };
  EXPECT_EQ(ids(store_->runs("", 10)), (std::vector{third, second, first}));
  EXPECT_EQ(ids(store_->runs("power_users", 10)), (std::vector{third, first}));
  EXPECT_EQ(ids(store_->runs("", 1)), (std::vector{third}));
  EXPECT_FALSE(store_->run(RunId{99}));
}

TEST_F(StoreTest, DeadRunsOfASyncBecomeInterrupted) {
  new_sync(*store_, "other");
  const auto dead = start_run("power_users");
  const auto others = start_run("other");
  EXPECT_EQ(store_->close_dead_runs(sync_, kNow), std::vector{dead});
  EXPECT_EQ(store_->run(dead)->status, RunStatus::kInterrupted);
  EXPECT_EQ(store_->run(dead)->finished, kNow);
  EXPECT_EQ(store_->run(others)->status, RunStatus::kRunning);
  EXPECT_TRUE(store_->close_dead_runs(sync_, kNow).empty());
}

TEST_F(StoreTest, ChangesComeNewestRunFirstAndOldOnesAreForgotten) {
  const auto old = start_run("power_users", kNow - std::chrono::hours(48));
  const auto recent = start_run("power_users", kNow);
  store_->put_change(sync_, {old, key_of(1), ChangeKind::kAdded, "101", {}, {}});
  store_->put_change(sync_, {recent, key_of(1), ChangeKind::kDrifted, "101", "drifted", "GONE"});
  store_->put_change(sync_, {recent, key_of(2), ChangeKind::kAdded, "102", {}, {}});
  auto changes = store_->changes(sync_, key_of(1));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].run, recent);
  EXPECT_EQ(changes[0].kind, ChangeKind::kDrifted);
  EXPECT_EQ(changes[0].record_id, "101");
  EXPECT_EQ(changes[0].reason, "drifted");
  EXPECT_EQ(changes[0].detail, "GONE");
  store_->forget_changes(kNow);
  changes = store_->changes(sync_, key_of(1));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].run, recent);
}

TEST_F(StoreTest, RecordsThatRunsTookOutAreKnownByTheRun) {
  new_sync(*store_, "other");
  const auto old = start_run("power_users");
  const auto recent = start_run("power_users");
  store_->put_change(sync_, {old, key_of(1), ChangeKind::kRemoved, "101", {}, {}});
  store_->put_change(sync_, {recent, key_of(2), ChangeKind::kRemoved, "102", {}, {}});
  store_->put_change(sync_, {recent, key_of(3), ChangeKind::kRemoved, "102", {}, {}});
  store_->put_change(sync_, {recent, key_of(4), ChangeKind::kAdded, "104", {}, {}});
  store_->put_change(sync_, {recent, key_of(5), ChangeKind::kRemoved, {}, {}, {}});
  store_->put_change(store_->sync("other")->id,
                     {recent, key_of(6), ChangeKind::kRemoved, "106", {}, {}});
  EXPECT_EQ(store_->removed_records(sync_, recent), std::vector<std::string>{"102"});
  EXPECT_EQ(store_->removed_records(sync_, old).size(), 2U);
}

TEST_F(StoreTest, ForgetsARunThatDidNothingAndItsNumber) {
  const auto kept = start_run("power_users");
  store_->forget_run(start_run("power_users"));
  ASSERT_EQ(store_->runs("", 10).size(), 1U);
  EXPECT_EQ(store_->runs("", 10)[0].id, kept);
  const auto number = [](RunId run) { return static_cast<std::int64_t>(run); };
  const auto next = start_run("power_users");
  EXPECT_EQ(number(next), number(kept) + 1);
  const auto later = start_run("power_users");
  store_->forget_run(next);
  EXPECT_EQ(number(start_run("power_users")), number(later) + 1) << "no number comes twice";
}

}  // namespace
}  // namespace muster
