// Patterns of files: what they find, what is told instead of a smaller cohort.
#include "cohort/file_set.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using ::testing::ElementsAre;
using testing::TempDir;

template <class Step>
std::string code_of(Step&& step) {
  try {
    step();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

//! Root may look into every directory: these tests must not be root.
class AsNobody {
 public:
  AsNobody() {
    if (::geteuid() == 0) changed_ = ::seteuid(65'534) == 0;
  }
  ~AsNobody() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool changed_ = false;
};

TEST(FileSet, FindsFilesInEveryDirectoryInOrder) {
  const TempDir dir;
  const auto b = dir.write("b/x.csv", "");
  const auto a = dir.write("a/x.csv", "");
  dir.write("c/other.csv", "");
  dir.write("x.csv", "");
  EXPECT_THAT(FileSet(dir / "*/x.csv").files(), ElementsAre(a, b));
}

TEST(FileSet, KnowsQuestionMarksAndBracketsAndHidesDotFiles) {
  const TempDir dir;
  dir.write("p10.csv", "");
  dir.write(".p1.csv", "");
  const auto one = dir.write("p1.csv", "");
  const auto two = dir.write("p2.csv", "");
  EXPECT_THAT(FileSet(dir / "p?.csv").files(), ElementsAre(one, two));
  EXPECT_THAT(FileSet(dir / "p[2-9].csv").files(), ElementsAre(two));
  EXPECT_EQ(FileSet(dir / "*.csv").files().size(), 3U);
}

TEST(FileSet, TakesAFileThatHasAWildcardInItsName) {
  const TempDir dir;
  const auto file = dir.write("a*.csv", "");
  dir.write("ab.csv", "");
  EXPECT_THAT(FileSet(file).files(), ElementsAre(file));
}

TEST(FileSet, RefusesADirectoryThatCanNotBeReadOrEntered) {
  const TempDir dir;
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
  for (const auto* name : {"a", "b"}) {
    dir.write(std::string(name) + "/x.csv", "");
    std::filesystem::permissions(dir / name, std::filesystem::perms(0755));
  }
  std::filesystem::permissions(dir / "b", std::filesystem::perms(0));
  {
    const AsNobody nobody;
    EXPECT_EQ(code_of([&] { FileSet{dir / "*/x*.csv"}; }), "source.unreadable");
    EXPECT_EQ(code_of([&] { FileSet{dir / "*/x.csv"}; }), "source.unreadable");
  }
  std::filesystem::permissions(dir / "b", std::filesystem::perms(0700));
}

TEST(FileSet, RefusesLinksThatLeadInCircles) {
  const TempDir dir;
  dir.write("a/x.csv", "");
  std::filesystem::create_symlink("loop", dir / "loop");
  EXPECT_EQ(code_of([&] { FileSet{dir / "*/x.csv"}; }), "source.unreadable");
  EXPECT_EQ(code_of([&] { FileSet{dir / "*/*.csv"}; }), "source.unreadable");
}

TEST(FileSet, RefusesAPatternThatMatchesNothing) {
  const TempDir dir;
  EXPECT_EQ(code_of([&] { FileSet{dir / "*/x.csv"}; }), "source.no_file");
}

TEST(FileSet, NoticesAFileThatCameOrWentOrChanged) {
  const TempDir dir;
  dir.write("p1.csv", "one");
  dir.write("p2.csv", "two");
  const FileSet untouched(dir / "p*.csv");
  untouched.check_unchanged();

  const FileSet grown(dir / "p*.csv");
  dir.write("p3.csv", "three");
  EXPECT_EQ(code_of([&] { grown.check_unchanged(); }), "source.changed");

  const FileSet shrunk(dir / "p*.csv");
  std::filesystem::remove(dir / "p1.csv");
  EXPECT_EQ(code_of([&] { shrunk.check_unchanged(); }), "source.changed");

  const FileSet replaced(dir / "p*.csv");
  dir.write("new", "other");
  std::filesystem::rename(dir / "new", dir / "p2.csv");
  EXPECT_EQ(code_of([&] { replaced.check_unchanged(); }), "source.changed");
}

TEST(FileSet, IsAsOldAsTheFileThatWasWrittenLongestAgo) {
  const TempDir dir;
  const Instant older{std::chrono::seconds(1'790'000'000)};
  for (const auto& [name, at] :
       {std::pair{"a.csv", older + std::chrono::hours(1)}, {"b.csv", older}}) {
    std::filesystem::last_write_time(dir.write(name, "email\n"), testing::file_time(at));
  }
  EXPECT_EQ(FileSet(dir / "*.csv").written(), older);
  EXPECT_EQ(FileSet(dir / "a.csv").written(), older + std::chrono::hours(1));
  EXPECT_FALSE(FileSet("-").written());
  EXPECT_FALSE(FileSet("/dev/null").written());
}

}  // namespace
}  // namespace muster
