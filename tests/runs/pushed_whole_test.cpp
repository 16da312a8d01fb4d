// Changes that were pushed, and runs over the whole cohort: laid over it, or set right by it.
#include <gmock/gmock.h>

#include "runs/pushed_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

TEST_F(PushedTest, AWholeRunOverANewerFileSetsRightWhatNoMessageTold) {
  fill(30);
  push(false, {4});
  push(true, {30});
  ASSERT_TRUE(apply());
  EXPECT_FALSE(lists(4));
  world.clock.advance(hours(1));
  world.cohort(SyncWorld::people(30));  // written now: who is in it is
  EXPECT_TRUE(world.preview().members == 30U);
  ASSERT_FALSE(world.run().error);
  EXPECT_TRUE(lists(4));
  EXPECT_FALSE(lists(30));
}

TEST_F(PushedTest, AWholeRunLaysThemOverAnOlderFile) {
  fill(30);
  push(true, {30});
  push(false, {4});
  ASSERT_TRUE(apply());
  push(false, {5});  // not applied yet
  const auto whole = world.run();
  ASSERT_FALSE(whole.error);
  EXPECT_EQ(whole.run.figures.removed, 1U);
  EXPECT_EQ(whole.run.figures.listed, 29U);
  EXPECT_TRUE(lists(30));
  EXPECT_FALSE(lists(4));
  EXPECT_FALSE(waits());
}

TEST_F(PushedTest, APlanAnExplanationAProofAndARepairKnowWhoWasPushed) {
  fill(30);
  push(true, {30});
  ASSERT_TRUE(apply());
  const auto plan = world.preview();
  EXPECT_EQ(plan.members, 31U);
  EXPECT_EQ(plan.removes, 0U);
  {
    const auto workspace = world.open();
    const auto told = workspace->explain(workspace->config().sync("s"), email(30), world.told);
    ASSERT_EQ(told.people.size(), 1U);
    EXPECT_EQ(told.people[0].rows.size(), 1U);
  }
  world.clock.advance(hours(1));
  world.hubspot.account().remove_member(world.list(), world.id_of(email(30)));
  EXPECT_EQ(world.verify().missing, 1U);
  const auto repaired = world.repair();
  EXPECT_EQ(repaired.repaired, 1U);
  EXPECT_EQ(repaired.missing, 0U);
  EXPECT_TRUE(lists(30));
}

TEST_F(PushedTest, ADeletedListIsLeftToTheNextWholeRun) {
  fill(30);
  world.list().deleted = world.clock.now();
  push(true, {30});
  const auto gone = apply();
  ASSERT_TRUE(gone && gone->error);
  EXPECT_THAT(gone->error->hint(), HasSubstr("muster sync s"));
  EXPECT_EQ(world.hubspot.account().list_by_name(SyncWorld::kList), nullptr);
  EXPECT_TRUE(waits());
  ASSERT_FALSE(world.run().error);
  EXPECT_EQ(world.listed().size(), 31U);
  EXPECT_TRUE(lists(30));
}

TEST_F(PushedTest, ADeletedListIsRestoredWhereTheSyncSaysSo) {
  fill(30, {"on_list_deleted: restore"});
  world.list().deleted = world.clock.now();
  push(true, {30});
  const auto result = apply();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->error);
  EXPECT_EQ(world.listed().size(), 31U);
}

TEST_F(PushedTest, OfTheCohortThatWasCorrectedAreNoneOfTheNewOnes) {
  fill(30);
  push(true, {30});
  ASSERT_TRUE(apply());
  push(true, {31});
  push(false, {4});
  const auto text = read_file(world.dir / "muster.yaml");
  auto corrected = text;
  corrected.replace(corrected.find("7khm89cz"), 8, "1a2bc3d4");
  world.dir.write("muster.yaml", corrected);
  EXPECT_FALSE(waits());
  EXPECT_FALSE(apply());
  EXPECT_EQ(world.preview().members, 30U);
  ASSERT_FALSE(world.run().error);
  EXPECT_TRUE(lists(4));
  EXPECT_FALSE(lists(30)) << "pushed of the former cohort";
  EXPECT_FALSE(lists(31));
  auto entering = message(true, {32}, now());
  entering.cohort_id = "1a2bc3d4";
  push(entering);
  ASSERT_TRUE(apply());
  EXPECT_TRUE(lists(32));
}

TEST_F(PushedTest, LookingAtAPlanMakesNoInbox) {
  fill(30);
  std::filesystem::remove(world.dir / ".muster/inbox.db");
  const auto workspace = world.open();
  workspace->look_only();
  EXPECT_EQ(workspace->preview(workspace->config().sync("s"), {}, world.told).members, 30U);
  EXPECT_FALSE(std::filesystem::exists(world.dir / ".muster/inbox.db"));
}

TEST_F(PushedTest, WaitForAWholeRunWhereThereIsNoListOrAnotherIdentifier) {
  configure({});
  EXPECT_FALSE(takes_changes());
  fill(30);
  EXPECT_TRUE(takes_changes());
  configure({}, "contact_id");
  EXPECT_FALSE(takes_changes());
}

TEST_F(PushedTest, TellThePersonByTheUserIdWhereTheSourceCallsItByAnotherName) {
  configure({});
  auto text = read_file(world.dir / "muster.yaml");
  text.replace(text.find("cohort.csv"), 10, "cohort.csv, id_column: who");
  world.dir.write("muster.yaml", text);
  world.cohort(SyncWorld::people(30));
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  world.clock.advance(hours(1));
  const auto by_address = [&](bool enters, std::size_t person) {
    auto told = message(enters, {person}, now());
    told.users = {{0, email(person), {}}};
    push(told);
  };
  by_address(true, 30);
  by_address(false, 4);
  const auto applied = apply();
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->run.figures.added, 1U);
  EXPECT_EQ(applied->run.figures.removed, 1U);
  by_address(true, 31);
  ASSERT_FALSE(world.run().error) << "laid over the file";
  EXPECT_TRUE(lists(30));
  EXPECT_TRUE(lists(31));
  EXPECT_FALSE(lists(4));
}

}  // namespace
}  // namespace muster::testing
