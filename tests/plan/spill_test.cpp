// A run's members on disk: read back as written, unreadable to others, gone with the run.
#include "plan/spill.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>

#include "base/error.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

//! No file of this process may grow beyond `bytes`, as on a disk that is full.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    auto small = before_;
    small.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

SpillOffset append(Spill& spill, int number) {
  const auto text = std::to_string(number);
  return spill.append("user-" + text, text + "@example.com", "", {"gold", text});
}

TEST(Spill, GivesEveryRecordBackWhereverPagesEnd) {
  const testing::TempDir directory;
  Spill spill(directory.path());
  std::vector<SpillOffset> offsets;
  for (int i = 0; i < 10'000; ++i) offsets.push_back(append(spill, i));
  for (const std::size_t i : {std::size_t{0}, std::size_t{9'999}, std::size_t{5'000}}) {
    const auto text = std::to_string(i);
    const auto member = spill.read(offsets[i]);
    EXPECT_EQ(member.source_id, "user-" + text);
    EXPECT_EQ(member.identifier, text + "@example.com");
    EXPECT_EQ(member.properties, (std::vector<std::string>{"gold", text}));
  }
}

TEST(Spill, KeepsARecordLargerThanAPage) {
  const testing::TempDir directory;
  Spill spill(directory.path());
  const std::string large(200'000, 'x');
  append(spill, 1);
  const auto offset = spill.append("id", large, "invalid_email", {});
  append(spill, 2);
  EXPECT_EQ(spill.read(offset).identifier, large);
  EXPECT_EQ(spill.read(offset).reason, "invalid_email");
}

TEST(Spill, LeavesNoNameAndNoAddressOnDisk) {
  const testing::TempDir directory;
  Spill spill(directory.path());
  for (int i = 0; i < 10'000; ++i) append(spill, i);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  std::string bytes;
  for (const auto& descriptor : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto file = std::filesystem::read_symlink(descriptor, gone).string();
    if (file.rfind(directory.path().string(), 0) != 0) continue;
    std::ifstream in(descriptor.path(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_GT(bytes.size(), 100'000U);
  EXPECT_EQ(bytes.find("@example"), std::string::npos);
  EXPECT_EQ(bytes.find("user-"), std::string::npos);
}

TEST(Spill, SaysThatTheDiskIsFull) {
  const testing::TempDir directory;
  Spill spill(directory.path());
  const SmallFiles small(100'000);
  try {
    for (int i = 0; i < 10'000; ++i) append(spill, i);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "disk.temporary_file");
    EXPECT_THAT(error.hint(), ::testing::HasSubstr("free some space"));
    EXPECT_EQ(std::string(error.what()).find('@'), std::string::npos);
  }
}

TEST(Spill, NeedsADirectoryToWriteTo) {
  const testing::TempDir directory;
  EXPECT_THROW(Spill(directory / "gone"), Error);
}

}  // namespace
}  // namespace muster
