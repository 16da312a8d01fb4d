// How many memberships are written at a time (hubspot/api.md §5): the size follows what HubSpot
// takes, and what it refused is remembered.
#include <gtest/gtest.h>

#include <utility>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

constexpr const char* kChange = "/memberships/add-and-remove";

//! What may become of a membership call, and says nothing of its size when it does so once.
constexpr std::pair<const char*, int> kFailures[]{
    {"reset", 0},    {"truncated", 0}, {"status", 504}, {"status", 524},
    {"status", 500}, {"status", 400},  {"status", 413}};

class Memberships : public ::testing::Test {
 protected:
  Memberships() {
    world.header.kind = "contact_id";
    world.header.create_missing = false;
    world.after_response = [this](const simulator::SimRequest& request,
                                  simulator::SimResponse& response) {
      if (request.path().find(kChange) == std::string::npos) return;
      const auto body = boost::json::parse(request.body);
      sizes.push_back(body.at("recordIdsToAdd").as_array().size() +
                      body.at("recordIdsToRemove").as_array().size());
      statuses.push_back(response.status);
    };
  }

  //! The next membership call fails, and is not applied.
  void fail(const char* kind, int status) {
    world.hubspot.faults().add({kChange, "PUT", 0, 1, kind, status, "", -1, 0, false});
  }
  //! So many new contacts, to be added by id.
  std::vector<Operation> adds(std::size_t count) {
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < count; ++i) {
      operations.push_back(
          PluginWorld::add(world.contact(fmt::format("m{}@example.com", next_++))));
    }
    return operations;
  }
  //! Writes of the latest batch.
  Destination::SyncResult sync(const std::vector<Operation>& operations) {
    sizes.clear();
    statuses.clear();
    return world.sync(operations);
  }

  PluginWorld world;
  std::vector<std::size_t> sizes;
  std::vector<int> statuses;

 private:
  int next_ = 0;
};

TEST_F(Memberships, BeginWithAThousandAndDoubleToTenThousand) {
  sync(adds(10'000));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1'000, 2'000, 4'000, 3'000}));
  sync(adds(10'000));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8'000, 2'000}));
  sync(adds(10'000));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{10'000}));
}

TEST_F(Memberships, AddsAndRemovesAreOneCall) {
  const auto first = adds(2);
  sync(first);
  auto both = adds(2);
  both.push_back(PluginWorld::remove_record(first[0].identifier));
  const auto result = sync(both);
  EXPECT_EQ(sizes, std::vector<std::size_t>{3});
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 3U);
  EXPECT_EQ(world.members().size(), 3U);
}

TEST_F(Memberships, WhomNoAnswerOfABatchMentionsAreLookedAtInOneCall) {
  const auto people = adds(3'000);
  sync(people);
  world.hubspot.log().clear();
  sync(people);
  EXPECT_EQ(sizes.size(), 1U) << "all of them are members";
  EXPECT_EQ(world.hubspot.count("/records/memberships/batch/read"), 1U);
}

TEST_F(Memberships, ASizeThatWasRefusedTwiceIsNotTriedAgain) {
  for (const int status : {400, 413}) {
    if (status == 413) {
      world.start();
      world.hubspot.switches().largest_membership_write = 100'000;
      world.before_request = [&](const simulator::SimRequest& request) {
        if (request.path().find(kChange) == std::string::npos) return;
        const auto ids = boost::json::parse(request.body).at("recordIdsToAdd").as_array().size();
        if (ids > 1'500) fail("status", 413);
      };
    } else {
      world.hubspot.switches().largest_membership_write = 1'500;
    }
    EXPECT_EQ(PluginWorld::count(sync(adds(6'000)), OutcomeKind::kApplied), 6'000U);
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), status), 2);
    EXPECT_EQ(PluginWorld::count(sync(adds(6'000)), OutcomeKind::kApplied), 6'000U);
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), status), 0);
    EXPECT_EQ(sizes, std::vector<std::size_t>(6, 1'000));
  }
}

TEST_F(Memberships, AFailureHalvesAndASuccessDoublesAgain) {
  for (const auto& [kind, status] : kFailures) {
    SCOPED_TRACE(fmt::format("{} {}", kind, status));
    world.start();
    fail(kind, status);
    const auto first = adds(1'000);
    const auto lost = sync(first);
    const bool is_refused = status == 400 || status == 413;
    EXPECT_EQ(PluginWorld::count(lost, OutcomeKind::kInDoubt), is_refused ? 0U : 1'000U);
    const auto again = sync(first);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{500, 500}));
    EXPECT_EQ(PluginWorld::count(again, OutcomeKind::kInDoubt), 0U);
    sync(adds(4'000));
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1'000, 2'000, 1'000}));
  }
}

//! What fails beside a larger chunk that works fails for another reason than its size.
TEST_F(Memberships, AFailureOfAFewDoesNotShrinkTheChunks) {
  for (const auto& [kind, status] : kFailures) {
    for (const std::size_t few : {4U, 300U}) {
      SCOPED_TRACE(fmt::format("{} {} {}", kind, status, few));
      world.start();
      sync(adds(1'000));
      fail(kind, status);
      sync(adds(few));
      sync(adds(6'000));
      EXPECT_EQ(sizes, (std::vector<std::size_t>{2'000, 4'000}));
    }
  }
}

TEST_F(Memberships, FailuresOfAFewThatLastMakeNoCallSmallerThanAHundred) {
  sync(adds(1'000));
  for (int i = 0; i < 10; ++i) {
    fail("status", 504);
    sync(adds(150));
  }
  const auto result = sync(adds(1'000));
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 1'000U);
  EXPECT_EQ(sizes.front(), 100U);
}

TEST_F(Memberships, ASizeThatTimedOutTwiceIsTriedAgainAfterManySuccesses) {
  fail("status", 504);
  sync(adds(1'000));
  sync(adds(1'000));
  fail("status", 504);
  sync(adds(1'000));
  sync(adds(7'500));
  EXPECT_EQ(sizes, std::vector<std::size_t>(15, 500)) << "it is the limit";
  sync(adds(9'500));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{500, 1'000, 2'000, 4'000, 2'000}))
      << "HubSpot's bad hour is over";
}

TEST_F(Memberships, ASizeThatStillFailsIsTriedHalfAsOften) {
  world.hubspot.switches().largest_membership_write = 1'000;
  std::vector<std::size_t> refused_at;
  std::size_t calls = 0;
  for (int i = 0; i < 14; ++i) {
    sync(adds(10'000));
    for (const auto status : statuses) {
      if (status == 400) refused_at.push_back(calls);
      ++calls;
    }
  }
  ASSERT_EQ(refused_at.size(), 5U);
  for (std::size_t i = 2; i < 5; ++i) {
    EXPECT_NEAR(static_cast<double>(refused_at[i] - refused_at[i - 1]), 16 << (i - 2), 3.0);
  }
}

TEST_F(Memberships, ARefusedIdIsFoundByHalvesAndDoesNotShrinkTheChunks) {
  world.before_request = [&](const simulator::SimRequest& request) {
    const bool holds = request.body.find("\"4242424242\"") != std::string::npos;
    if (holds && request.path().find(kChange) != std::string::npos) {
      fail("status", 400);
    }
  };
  auto operations = adds(999);
  operations.insert(operations.begin() + 500, PluginWorld::add("4242424242"));
  const auto result = sync(operations);
  EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kApplied), 999U);
  EXPECT_EQ(result.outcomes[500].kind, OutcomeKind::kRejected);
  EXPECT_EQ(result.outcomes[500].detail, "HTTP_400");
  EXPECT_LE(sizes.size(), 1 + 2 * 10U);
  EXPECT_EQ(world.hubspot.count("/crm/lists/2026-09/9", "GET"), 1U)
      << "the list is looked at once, not at each level";
  sync(adds(1'000));
  EXPECT_EQ(sizes, std::vector<std::size_t>{1'000});
}

//! A batch that is not written to its end has done what it did. What an answer leaves out, nobody
//! has confirmed by then.
TEST_F(Memberships, WhatWasWrittenBeforeTheCallFailsIsTold) {
  for (const bool are_members : {false, true}) {
    SCOPED_TRACE(are_members);
    world.start();
    sync(adds(1));
    const auto people = adds(3'000);
    auto& account = world.hubspot.account();
    if (are_members) {
      auto& list = *account.list_by_name("amplitude_Power Users");
      for (const auto& one : people) account.add_member(list, std::stoull(one.identifier));
    }
    world.before_request = [&](const simulator::SimRequest& request) {
      if (request.path().find(kChange) == std::string::npos || sizes.size() != 1) return;
      world.hubspot.faults().add({kChange, "PUT", 0, -1, "status", 400, "", -1, 0, false});
      world.hubspot.faults().add({"/crm/lists/", "GET", 0, -1, "status", 503, "", -1, 0, false});
    };
    const auto result = sync(people);
    world.before_request = {};
    world.hubspot.faults().clear();
    ASSERT_TRUE(result.failure);
    const auto told = are_members ? OutcomeKind::kInDoubt : OutcomeKind::kApplied;
    EXPECT_EQ(PluginWorld::count(result, told), 1'000U);
    EXPECT_EQ(PluginWorld::count(result, OutcomeKind::kSkipped), 2'000U);
  }
}

//! The bound of the README's table holds for a run that meets one failure, too.
TEST(CallsByContactId, AreNearTheMinimumAlsoWhenAnAnswerIsLost) {
  for (const auto& [kind, status] : {kFailures[0], kFailures[2], kFailures[6]}) {
    for (const std::int64_t earlier : {0, 3}) {
      SCOPED_TRACE(fmt::format("{} {} {}", kind, status, earlier));
      RunWorld world("verify: false");
      world.identifier = "{column: id, as: contact_id}";
      std::vector<std::string> ids;
      for (const auto& email : PluginWorld::people(12'000)) {
        ids.push_back(std::to_string(world.hubspot.account().create(email).id));
      }
      world.cohort(ids, "id");
      world.hubspot.faults().add({kChange, "PUT", earlier, 1, kind, status, "", -1, 0, true});
      EXPECT_FALSE(world.sync().error);
      EXPECT_EQ(world.members(), 12'000U);
      EXPECT_LE(world.hubspot.log().size(), 2U + 4 + 10);
    }
  }
}

TEST_F(Memberships, TheLargestChunkIsTheSettings) {
  PluginWorld small(PluginWorld::Settings{{"membership_chunk", "300"}});
  small.header.kind = "contact_id";
  small.header.create_missing = false;
  std::vector<Operation> operations;
  for (const auto& email : PluginWorld::people(700)) {
    operations.push_back(PluginWorld::add(small.contact(email)));
  }
  EXPECT_EQ(PluginWorld::count(small.sync(operations), OutcomeKind::kApplied), 700U);
  EXPECT_EQ(small.hubspot.count(kChange), 3U);
}

TEST(TroubleOfOneRecord, DoesNotHoldUpTheOthersForGood) {
  RunWorld world("retry_for: 60s, verify: false");
  world.identifier = "{column: id, as: contact_id}";
  std::vector<std::string> ids;
  for (const auto& email : PluginWorld::people(100)) {
    ids.push_back(std::to_string(world.hubspot.account().create(email).id));
  }
  world.cohort(ids, "id");
  world.before_request = [&](const simulator::SimRequest& request) {
    const bool poisoned = request.body.find('"' + ids[42] + '"') != std::string::npos;
    if (poisoned) {
      world.hubspot.faults().add({kChange, "PUT", 0, 1, "status", 500, "", -1, 0, false});
    }
  };
  const auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind(), ErrorKind::kLater);
  EXPECT_EQ(world.members(), 99U);
  EXPECT_EQ(result.run.figures.to_retry, 1U);
}

}  // namespace
}  // namespace muster::testing
