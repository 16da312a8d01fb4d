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
  world.dir.write("rows.csv", "of before");
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

}  // namespace
}  // namespace muster::testing
