// `muster plan`: what it must not make up.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runs/sync_world.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class PreviewTest : public ::testing::Test {
 protected:
  void fill(std::size_t count) {
    world.cohort(SyncWorld::people(count));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(1));
  }
  static PreviewOptions looking_up() {
    PreviewOptions options;
    options.look_up = true;
    return options;
  }
  std::string code_of_preview() {
    try {
      world.preview();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kGuard);
      return error.code();
    }
    return "none";
  }

  SyncWorld world;
};

TEST_F(PreviewTest, WhoIsLookedForAgainIsNotCountedAsCreated) {
  world.configure({"create_missing: false"});
  world.cohort(SyncWorld::people(3));
  ASSERT_EQ(dropped(world.run(), "not_found"), 3U);
  world.hubspot.account().create("person1@example.com");
  world.cohort(SyncWorld::people(4));
  PreviewOptions options;
  options.look_up = true;
  const auto preview = world.preview(options);
  ASSERT_TRUE(preview.lookup);
  EXPECT_EQ(preview.lookup->missing, 1U);
  EXPECT_EQ(preview.lookup->exists, 0U);
  EXPECT_EQ(preview.lookup->probed, 3U);
  EXPECT_EQ(preview.lookup->probed_exist, 1U);
}

TEST_F(PreviewTest, WhoWasNotFoundIsCreatedOnceTheSyncCreates) {
  world.configure({"create_missing: false"});
  world.cohort(SyncWorld::people(3));
  ASSERT_EQ(dropped(world.run(), "not_found"), 3U);
  ASSERT_EQ(dropped(world.run(), "not_found"), 3U);
  world.configure({});
  PreviewOptions options;
  options.look_up = true;
  const auto preview = world.preview(options);
  ASSERT_TRUE(preview.lookup);
  EXPECT_EQ(preview.lookup->missing, 3U);
  EXPECT_EQ(preview.lookup->probed, 0U);
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.created, 3U);
}

TEST_F(PreviewTest, ALookUpFindsOutThatTheListWasDeleted) {
  fill(30);
  world.list().deleted = world.clock.now();
  world.cohort(SyncWorld::people(28));
  EXPECT_FALSE(world.preview().list_gone) << "nobody was asked";
  const auto preview = world.preview(looking_up());
  EXPECT_TRUE(preview.list_gone);
  EXPECT_EQ(preview.mode, RunMode::kFull);
  EXPECT_EQ(preview.adds, 28U);
  EXPECT_EQ(preview.removes, 0U);
  EXPECT_FALSE(preview.refused);
  const auto result = world.run();
  EXPECT_EQ(result.run.mode, preview.mode);
  EXPECT_EQ(result.run.figures.added, preview.adds);
  EXPECT_EQ(result.run.figures.removed, preview.removes);
  EXPECT_FALSE(world.preview(looking_up()).list_gone);
}

TEST_F(PreviewTest, ADeletedListThatStopsTheRunIsToldAsARefusal) {
  fill(3);
  world.configure({"on_list_deleted: stop"});
  world.list().deleted = world.clock.now();
  const auto preview = world.preview(looking_up());
  ASSERT_TRUE(preview.refused);
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(preview.refused->kind(), result.error->kind());
  EXPECT_EQ(preview.refused->hint(), result.error->hint());
}

TEST_F(PreviewTest, AListThatIsRestoredKeepsItsMembers) {
  fill(3);
  world.configure({"on_list_deleted: restore"});
  world.list().deleted = world.clock.now();
  const auto preview = world.preview(looking_up());
  EXPECT_TRUE(preview.list_gone);
  EXPECT_EQ(preview.unchanged, 3U);
  EXPECT_EQ(world.run().run.figures.unchanged, 3U);
}

TEST_F(PreviewTest, AnotherTokenIsNoticedAndCheckedByALookUp) {
  fill(3);
  const auto before = world.hubspot.count("", "");
  world.hubspot.oauth().add_static_token("pat-na1-another", world.hubspot.oauth().app().scopes);
  world.dir.write("token", "pat-na1-another");
  EXPECT_TRUE(world.preview().token_changed);
  EXPECT_EQ(world.hubspot.count("", ""), before);
  EXPECT_FALSE(world.preview(looking_up()).token_changed);
  EXPECT_FALSE(world.preview().token_changed) << "it was checked";
}

TEST_F(PreviewTest, ATokenOfAnotherAccountIsRefusedByALookUp) {
  fill(3);
  {
    const auto store = world.store();
    auto sync = *store->sync("s");
    sync.account_id = "another";
    store->put_sync(sync);
    store->forget_value("token/c");
  }
  const auto preview = world.preview(looking_up());
  ASSERT_TRUE(preview.refused);
  EXPECT_EQ(preview.refused->code(), "run.account_changed");
}

TEST_F(PreviewTest, AnEmptyFileAndALostColumnAreJudgedAsARunWould) {
  fill(30);
  world.dir.write("cohort.csv", "");
  EXPECT_EQ(code_of_preview(), "guard.empty_source");
  world.cohort(SyncWorld::people(30), "other");
  EXPECT_EQ(code_of_preview(), "guard.lost_column");
}

TEST_F(PreviewTest, TheRowsAreAllOfThemInAFileOfTheUsersOnly) {
  fill(3);
  world.cohort(SyncWorld::people(4));
  world.dir.write("rows.csv", "");
  PreviewOptions options;
  options.rows = world.dir.path() / "rows.csv";
  ASSERT_EQ(::chmod(options.rows.c_str(), 0644), 0);
  world.preview(options);
  struct stat status {};
  ASSERT_EQ(::stat(options.rows.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto text = read_file(options.rows);
  EXPECT_EQ(count_of(text, ",unchanged,"), 3U);
  EXPECT_EQ(count_of(text, ",planned,"), 1U);
  EXPECT_LT(text.find("person0@"), text.find("person1@"));
}

//! HubSpot says that they were removed, and has them all the same.
TEST_F(PreviewTest, WhoWasRemovedAndIsStillSeenIsRemovedAgain) {
  fill(30);
  simulator::Fault keeping;
  keeping.path = "/memberships";
  keeping.method = "PUT";
  keeping.kind = "keep_member";
  keeping.status = 2;  // so many
  world.hubspot.faults().add(keeping);
  world.cohort(SyncWorld::people(28));
  ASSERT_EQ(world.run().run.status, RunStatus::kCompletedWithDrops);
  PreviewOptions options;
  options.rows = world.dir.path() / "rows.csv";
  const auto preview = world.preview(options);
  EXPECT_EQ(preview.guard.removals_share, 0) << "they were judged when they left";
  EXPECT_EQ(count_of(read_file(options.rows), "remove,,,planned,"), preview.removes);
  EXPECT_GT(preview.removes, 0U);
  EXPECT_EQ(world.run().run.figures.removed, preview.removes);
}

//! The cohort, the configuration, the state or its key: none of them is a file for rows.
TEST(PreviewRows, NeverReplaceWhatIsSomethingElse) {
  SyncWorld world;
  world.configure({});
  world.cohort(SyncWorld::people(3));
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  const auto report = world.run().report;
  const auto directory = world.dir.path();
  for (const auto& file : {directory / "cohort.csv", directory / "muster.yaml",
                           directory / ".muster/state.db", directory / ".muster/new.csv", report}) {
    SCOPED_TRACE(file);
    const bool was_there = std::filesystem::exists(file);
    const auto before = was_there ? read_file(file) : std::string{};
    PreviewOptions options;
    options.rows = file;
    try {
      world.preview(options);
      ADD_FAILURE() << "it was written over";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "plan.rows_file");
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    }
    ASSERT_EQ(std::filesystem::exists(file), was_there);
    EXPECT_TRUE(!was_there || read_file(file) == before);
  }
  // Behind a link, and where links lead in a circle.
  PreviewOptions behind;
  behind.rows = directory / "link";
  std::filesystem::create_symlink(directory / "cohort.csv", behind.rows);
  EXPECT_THROW(world.preview(behind), Error);
  behind.rows = directory / "circle";
  std::filesystem::create_symlink(behind.rows, behind.rows);
  EXPECT_THROW(world.preview(behind), Error);
  PreviewOptions twice;
  twice.rows = directory / "rows.csv";
  world.preview(twice);
  world.preview(twice);
}

//! Who was not found yesterday, and is looked for again, is nobody new.
TEST(Preview, TellsWhichAddsWereDroppedBefore) {
  SyncWorld world;
  world.configure({"create_missing: false"});
  world.cohort(SyncWorld::people(5));
  world.run();
  world.clock.advance(std::chrono::hours(2));
  PreviewOptions options;
  options.rows = world.dir.path() / "rows.csv";
  const auto preview = world.preview(options);
  EXPECT_EQ(preview.adds, 5U);
  EXPECT_TRUE(preview.tried_again.empty());
  EXPECT_EQ(preview.looked_for_again.at("not_found"), 5U);
  EXPECT_EQ(count_of(read_file(options.rows), ",planned,,LOOKED_FOR_AGAIN,"), 5U);
  world.configure({});
  const auto creating = world.preview(options);
  EXPECT_TRUE(creating.looked_for_again.empty());
  EXPECT_EQ(creating.tried_again.at("not_found"), 5U);
  EXPECT_EQ(count_of(read_file(options.rows), ",planned,,DROPPED_BEFORE,"), 5U);
}

}  // namespace
}  // namespace muster::testing
