// `muster explain` of records that the destination does not have, whose pages are no pages, and of
// a destination that is gone itself.
#include <gtest/gtest.h>

#include "run/explain.hpp"
#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

class ExplainGoneTest : public ::testing::Test {
 protected:
  Explanation explain(const std::string& asked) {
    const auto workspace = world.open();
    return workspace->explain(workspace->config().sync("s"), asked, world.told);
  }

  SyncWorld world;
};

TEST_F(ExplainGoneTest, ANumberThatIsNoRecordIsNone) {
  for (const auto* kind : {"email", "contact_id"}) {
    world.configure({}, kind);
    world.cohort({});
    for (const bool has_run : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", kind, has_run));
      if (has_run) world.run();
      const auto result = explain("987654321");
      EXPECT_TRUE(result.is_stranger);
      EXPECT_FALSE(result.not_asked);
      EXPECT_TRUE(result.people[0].record_id.empty()) << result.people[0].record_id;
      EXPECT_FALSE(result.people[0].in_list);
    }
  }
}

TEST_F(ExplainGoneTest, ARecordOfAMemberThatIsNotThereAnyMoreIsSaidToBeGone) {
  world.cohort({"ada@example.com", "grace@example.com"});
  world.run();
  EXPECT_FALSE(explain("u0").people[0].record_is_gone);
  auto& account = world.hubspot.account();
  const auto record = world.id_of("ada@example.com");
  account.archive(*account.by_id(record));
  for (const auto& asked : {std::string("u0"), std::to_string(record)}) {
    const auto result = explain(asked);
    ASSERT_EQ(result.people.size(), 1U);
    EXPECT_EQ(result.people[0].record_id, std::to_string(record));
    EXPECT_TRUE(result.people[0].record_is_gone);
    EXPECT_EQ(result.people[0].in_list, false);
  }
}

TEST_F(ExplainGoneTest, ASourceThatCantBeReadHidesNothingThatIsKnownWithoutIt) {
  world.cohort({"ada@example.com", "grace@example.com"});
  world.run();
  world.cohort({"ada@example.com"}, "other");
  for (const bool is_there : {true, false}) {
    SCOPED_TRACE(is_there);
    if (!is_there) std::filesystem::remove(world.dir / "cohort.csv");
    const auto result = explain("ada@example.com");
    ASSERT_TRUE(result.source_failed);
    EXPECT_EQ(result.source_failed->code(),
              is_there ? "source.missing_column" : "source.unreadable");
    EXPECT_FALSE(result.is_stranger);
    const auto& person = result.people.at(0);
    EXPECT_TRUE(person.rows.empty());
    EXPECT_EQ(person.state.value().state, MemberState::kListed);
    EXPECT_EQ(person.record_id, std::to_string(world.id_of("ada@example.com")));
    EXPECT_EQ(person.in_list, true);
    EXPECT_EQ(person.changes.size(), 1U);
  }
}

//! Half of a file says that nobody is there, or that somebody is there once.
TEST_F(ExplainGoneTest, ASourceThatBreaksOffTellsNoRows) {
  world.cohort({"ada@example.com"});
  world.run();
  world.dir.write("cohort.csv", "user_id,who\nu0,ada@example.com\nu1,\"broken\n");
  const auto result = explain("ada@example.com");
  ASSERT_TRUE(result.source_failed);
  EXPECT_TRUE(result.people.at(0).rows.empty());
  EXPECT_TRUE(result.people.at(0).state);
}

TEST_F(ExplainGoneTest, AHintTellsToRunTheCommandThatWasRunAndNoOther) {
  world.cohort({"ada@example.com"});
  world.run();
  simulator::Fault refused;
  refused.kind = "refused";
  refused.count = -1;
  world.hubspot.faults().add(refused);
  const auto hint = explain("u0").not_asked.value().hint();
  EXPECT_NE(hint.find("run the same command again"), std::string::npos) << hint;
}

}  // namespace
}  // namespace muster::testing
