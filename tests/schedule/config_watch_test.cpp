#include "schedule/config_watch.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace muster::testing {
namespace {

constexpr const char* kGood = "version: 1\nconnections: {}\nsyncs: {}\n";

class ConfigWatchTest : public ::testing::Test {
 protected:
  ConfigWatchTest() { dir.write("muster.yaml", kGood); }
  //! As an editor does it: a new file takes the place of the old one.
  void replace(const std::string& text) const {
    dir.write("new.yaml", text);
    std::filesystem::rename(dir / "new.yaml", dir / "muster.yaml");
  }
  TempDir dir;
};

TEST_F(ConfigWatchTest, UnchangedFileIsNoNews) {
  ConfigWatch watch(dir.path());
  EXPECT_FALSE(watch.changed());
  EXPECT_FALSE(watch.changed());
}

TEST_F(ConfigWatchTest, ChangedFileIsReadOnceItHasSettled) {
  ConfigWatch watch(dir.path());
  replace(std::string(kGood) + "defaults: {list_prefix: new_}\n");
  EXPECT_FALSE(watch.changed());
  const auto config = watch.changed();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->list_prefix, "new_");
  EXPECT_FALSE(watch.changed());
}

TEST_F(ConfigWatchTest, FileThatIsBeingWrittenIsLeftAlone) {
  ConfigWatch watch(dir.path());
  for (int i = 0; i < 5; ++i) {
    replace(std::string(static_cast<std::size_t>(i + 1), '\n') + kGood);
    EXPECT_FALSE(watch.changed());
  }
}

TEST_F(ConfigWatchTest, BadFileIsToldOnce) {
  ConfigWatch watch(dir.path());
  replace("version: 1\nconections: {}\n");
  EXPECT_FALSE(watch.changed());
  EXPECT_THROW(watch.changed(), Error);
  EXPECT_FALSE(watch.changed());
  replace(kGood);
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
}

TEST_F(ConfigWatchTest, MissingFileIsToldOnce) {
  ConfigWatch watch(dir.path());
  std::filesystem::remove(dir / "muster.yaml");
  EXPECT_FALSE(watch.changed());
  EXPECT_THROW(watch.changed(), Error);
  EXPECT_FALSE(watch.changed());
}

}  // namespace
}  // namespace muster::testing
