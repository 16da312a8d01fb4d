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
using testing::StoreTest;

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
