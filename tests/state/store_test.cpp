// Every value that goes into the state comes out of it as it was, and of nobody else.
#include <gtest/gtest.h>

#include <array>

#include "state/support.hpp"

namespace muster {
namespace {

using testing::key_of;
using testing::kNow;
using testing::member_in;
using testing::new_sync;
using testing::StateDir;

class StoreTest : public ::testing::Test {
 protected:
  StateDir state_;
  std::unique_ptr<Store> store_ = state_.open();
  SyncId sync_ = new_sync(*store_).id;

  //! As another process would find it.
  void open_again() {
    store_.reset();
    store_ = state_.open();
  }
  RunId start_run(const std::string& sync, Instant started = kNow) {
    RunRow run;
    run.sync = sync;
    run.started = started;
    return store_->start_run(run);
  }
};

TEST_F(StoreTest, ValuesAreKeptReplacedAndForgotten) {
  EXPECT_FALSE(store_->value("check"));
  store_->put_value("check", std::string("a\0b", 3));
  store_->put_value("empty", "");
  open_again();
  EXPECT_EQ(store_->value("check"), std::string("a\0b", 3));
  EXPECT_EQ(store_->value("empty"), "");
  store_->put_value("check", "c");
  EXPECT_EQ(store_->value("check"), "c");
  store_->forget_value("check");
  EXPECT_FALSE(store_->value("check"));
}

TEST_F(StoreTest, SecretsBelongToOneConnection) {
  store_->put_secret("marketing", "refresh", "one");
  store_->put_secret("marketing", "access", "two");
  store_->put_secret("sales", "refresh", "three");
  open_again();
  EXPECT_EQ(store_->secret("marketing", "refresh"), "one");
  store_->forget_secret("marketing", "refresh");
  EXPECT_FALSE(store_->secret("marketing", "refresh"));
  store_->forget_secrets("marketing");
  EXPECT_FALSE(store_->secret("marketing", "access"));
  EXPECT_EQ(store_->secret("sales", "refresh"), "three");
}

TEST_F(StoreTest, HoldsSecretsWhileThereIsASecretOrAMember) {
  EXPECT_FALSE(store_->holds_secrets());
  store_->put_secret("marketing", "refresh", "sealed");
  EXPECT_TRUE(store_->holds_secrets());
  store_->forget_secrets("marketing");
  EXPECT_FALSE(store_->holds_secrets());
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  EXPECT_TRUE(store_->holds_secrets());
}

TEST_F(StoreTest, AConnectionComesBackWhole) {
  EXPECT_FALSE(store_->connection("marketing"));
  ConnectionRow row{"marketing",
                    "hubspot",
                    ConnectionState::kConnected,
                    "4711",
                    "Acme",
                    "acme.test",
                    "Europe/Berlin",
                    {"oauth", "crm.lists.write"},
                    "https://a/",
                    "https://a/r/{id}",
                    "https://a/l/{id}",
                    kNow,
                    std::nullopt};
  store_->put_connection(row);
  open_again();
  const auto read = store_->connection("marketing");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->destination, "hubspot");
  EXPECT_EQ(read->state, ConnectionState::kConnected);
  EXPECT_EQ(read->account_id, "4711");
  EXPECT_EQ(read->account_name, "Acme");
  EXPECT_EQ(read->account_domain, "acme.test");
  EXPECT_EQ(read->time_zone, "Europe/Berlin");
  EXPECT_EQ(read->scopes, row.scopes);
  EXPECT_EQ(read->url, "https://a/");
  EXPECT_EQ(read->record_url, "https://a/r/{id}");
  EXPECT_EQ(read->audience_url, "https://a/l/{id}");
  EXPECT_EQ(read->connected_at, kNow);
  EXPECT_FALSE(read->last_used_at);
  row.scopes.clear();
  row.state = ConnectionState::kRevoked;
  store_->put_connection(row);
  EXPECT_TRUE(store_->connection("marketing")->scopes.empty());
  EXPECT_EQ(store_->connection("marketing")->state, ConnectionState::kRevoked);
}

TEST_F(StoreTest, ASyncKeepsItsIdWhenItIsPutAgain) {
  auto row = *store_->sync("power_users");
  row.account_id = "4711";
  row.identifier_kind = "email";
  row.audience_ref = "9";
  row.audience_name = "amplitude_Power Users";
  row.audience_creating = "amplitude_New";
  EXPECT_EQ(store_->put_sync(row).id, sync_);
  new_sync(*store_, "another");
  open_again();
  const auto read = store_->sync("power_users");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, sync_);
  EXPECT_EQ(read->connection, "marketing");
  EXPECT_EQ(read->account_id, "4711");
  EXPECT_EQ(read->identifier_kind, "email");
  EXPECT_EQ(read->audience_ref, "9");
  EXPECT_EQ(read->audience_name, "amplitude_Power Users");
  EXPECT_EQ(read->audience_creating, "amplitude_New");
  const auto all = store_->syncs();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "another");
  EXPECT_FALSE(store_->sync("nobody"));
}

TEST_F(StoreTest, AMemberComesBackWhole) {
  auto row = member_in(MemberState::kDropped, 1, "101");
  row.sealed_identifier = std::string("\0\xff", 2);
  row.reason = "rejected_by_destination";
  row.detail = "INVALID_EMAIL";
  row.attempts = 3;
  row.last_try = kNow;
  row.properties = UINT64_MAX;  // fingerprints use all 64 bits
  row.since = RunId{12};
  store_->put_member(sync_, row);
  open_again();
  const auto read = store_->member(sync_, row.key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, row.key);
  EXPECT_EQ(read->state, MemberState::kDropped);
  EXPECT_EQ(read->record_id, "101");
  EXPECT_EQ(read->sealed_identifier, row.sealed_identifier);
  EXPECT_EQ(read->reason, "rejected_by_destination");
  EXPECT_EQ(read->detail, "INVALID_EMAIL");
  EXPECT_EQ(read->attempts, 3U);
  EXPECT_EQ(read->last_try, kNow);
  EXPECT_EQ(read->properties, UINT64_MAX);
  EXPECT_EQ(read->since, RunId{12});
}

TEST_F(StoreTest, MembersComeInKeyOrderAndOfOneSyncAlone) {
  const auto other = new_sync(*store_, "other").id;
  for (const auto first : std::array<std::uint8_t, 4>{200, 3, 128, 0}) {
    store_->put_member(sync_, member_in(MemberState::kListed, first, "1"));
  }
  store_->put_member(other, member_in(MemberState::kListed, 5, "1"));
  std::vector<int> order;
  const auto members = store_->members(sync_);
  MemberRow row;
  while (members->next(row)) order.push_back(row.key.bytes[0]);
  EXPECT_EQ(order, (std::vector<int>{0, 3, 128, 200}));
  EXPECT_FALSE(store_->member(other, key_of(3)));
}

TEST_F(StoreTest, ACursorCarriesNothingFromOneRowToTheNext) {
  auto first = member_in(MemberState::kDropped, 1);
  first.reason = "not_found";
  first.last_try = kNow;
  store_->put_member(sync_, first);
  store_->put_member(sync_, member_in(MemberState::kListed, 2, "102"));
  const auto members = store_->members(sync_);
  MemberRow row;
  ASSERT_TRUE(members->next(row));
  ASSERT_TRUE(members->next(row));
  EXPECT_EQ(row.reason, "");
  EXPECT_FALSE(row.last_try);
}

TEST_F(StoreTest, PuttingAMemberReplacesItsRow) {
  store_->put_member(sync_, member_in(MemberState::kPending, 1));
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  EXPECT_EQ(store_->count_members(sync_, MemberState::kPending), 0U);
  EXPECT_EQ(store_->count_members(sync_, MemberState::kListed), 1U);
}

TEST_F(StoreTest, ForgettingMembersLeavesOtherSyncsAlone) {
  const auto other = new_sync(*store_, "other").id;
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  store_->put_member(sync_, member_in(MemberState::kListed, 2, "102"));
  store_->put_member(other, member_in(MemberState::kListed, 1, "101"));
  store_->forget_member(sync_, key_of(1));
  EXPECT_FALSE(store_->member(sync_, key_of(1)));
  EXPECT_TRUE(store_->member(sync_, key_of(2)));
  store_->forget_members(sync_);
  EXPECT_FALSE(store_->member(sync_, key_of(2)));
  EXPECT_TRUE(store_->member(other, key_of(1)));
}

TEST_F(StoreTest, ReopenedMembersArePendingWithTheirRecordsAndTheDestinationsRefusalsStay) {
  auto drifted = member_in(MemberState::kDropped, 3, "103");
  drifted.reason = "drifted";
  auto refused = member_in(MemberState::kDropped, 4);
  refused.reason = "not_found";
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  store_->put_member(sync_, member_in(MemberState::kLeaving, 2, "102"));
  store_->put_member(sync_, drifted);
  store_->put_member(sync_, refused);
  const auto other = new_sync(*store_, "other").id;
  store_->put_member(other, member_in(MemberState::kListed, 1, "101"));

  store_->reopen_members(sync_);

  EXPECT_EQ(store_->count_members(sync_, MemberState::kPending), 3U);
  EXPECT_EQ(store_->member(sync_, key_of(1))->record_id, "101");
  EXPECT_EQ(store_->member(sync_, key_of(3))->reason, "");
  EXPECT_EQ(store_->member(sync_, key_of(4))->reason, "not_found");
  EXPECT_EQ(store_->count_members(other, MemberState::kListed), 1U);
}

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

TEST_F(StoreTest, MembersOfARecordAreFoundWhateverTheirState) {
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  store_->put_member(sync_, member_in(MemberState::kLeaving, 2, "101"));
  store_->put_member(sync_, member_in(MemberState::kListed, 3, "103"));
  store_->put_member(sync_, member_in(MemberState::kPending, 4));
  EXPECT_EQ(store_->count_listed_with_record(sync_, "101"), 1U);
  EXPECT_EQ(store_->members_with_record(sync_, "101").size(), 2U);
  // Rows without a record have none in common.
  EXPECT_EQ(store_->members_with_record(sync_, "").size(), 0U);
}

TEST_F(StoreTest, ARowOfAnUnknownSyncIsRefused) {
  EXPECT_EQ(testing::code_of(
                [&] { store_->put_member(SyncId{99}, member_in(MemberState::kListed, 1, "101")); }),
            "state.io");
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

TEST_F(StoreTest, ATransactionWithoutCommitLeavesNothing) {
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  {
    Store::Transaction transaction(*store_);
    store_->forget_member(sync_, key_of(1));
    store_->put_member(sync_, member_in(MemberState::kPending, 2));
  }
  EXPECT_TRUE(store_->member(sync_, key_of(1)));
  EXPECT_FALSE(store_->member(sync_, key_of(2)));
}

TEST_F(StoreTest, ATransactionIsSeenByOthersWhenItIsCommittedAndNotBefore) {
  const auto other = state_.open();
  Store::Transaction transaction(*store_);
  store_->put_member(sync_, member_in(MemberState::kListed, 1, "101"));
  EXPECT_FALSE(other->member(sync_, key_of(1)));
  transaction.commit();
  EXPECT_TRUE(other->member(sync_, key_of(1)));
}

TEST_F(StoreTest, AFailureInsideATransactionRollsAllOfItBack) {
  EXPECT_EQ(testing::code_of([&] {
              Store::Transaction transaction(*store_);
              store_->put_member(sync_, member_in(MemberState::kPending, 1));
              store_->put_member(SyncId{99}, member_in(MemberState::kPending, 2));
              transaction.commit();
            }),
            "state.io");
  EXPECT_FALSE(store_->member(sync_, key_of(1)));
  store_->put_value("still", "usable");
  EXPECT_EQ(store_->value("still"), "usable");
}

}  // namespace
}  // namespace muster
