// Messages that were pushed: kept before they are answered, known when they come again.
#include "state/inbox.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"
#include "state/sqlite.hpp"
#include "support/temp_dir.hpp"

namespace {
int file_syncs = 0;
}

// In the place of the C library's, which is what syncs in the end: SQLite calls one of them.
extern "C" __attribute__((visibility("default"))) int fsync(int descriptor) {
  ++file_syncs;
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}
extern "C" __attribute__((visibility("default"))) int fdatasync(int descriptor) {
  ++file_syncs;
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace muster {
namespace {

using ::testing::ElementsAre;
using testing::TempDir;

constexpr Instant kNow{Milliseconds{1'790'000'000'000}};

InboxMessage message(const std::string& key, std::int64_t computed = 100) {
  InboxMessage made;
  made.cohort_key = "c";
  made.message_key = key;
  made.computed = computed;
  made.sealed = "sealed " + key;
  return made;
}

std::vector<std::string> keys(const std::vector<InboxMessage>& messages) {
  std::vector<std::string> keys;
  for (const auto& entry : messages) keys.push_back(entry.message_key);
  return keys;
}

TEST(Inbox, KeepsAMessageForEverySyncUntilItIsApplied) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  EXPECT_TRUE(inbox.put({"a", "b"}, message("m1"), kNow));
  EXPECT_TRUE(inbox.put({"a"}, message("m2"), kNow));
  const auto last = inbox.last_waiting({"a", "c"});
  ASSERT_TRUE(last);
  EXPECT_THAT(keys(inbox.computed_after({"a", "c"}, 0)), ElementsAre("m1", "m2"));
  inbox.mark_applied({"a", "c"}, *last);
  EXPECT_FALSE(inbox.last_waiting({"a", "c"}));
  EXPECT_TRUE(inbox.last_waiting({"b", "c"}));
  EXPECT_FALSE(inbox.computed_after({"a", "c"}, 0)[0].waits);
}

TEST(Inbox, KnowsAMessageThatComesAgain) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  EXPECT_TRUE(inbox.put({"a"}, message("m1"), kNow));
  EXPECT_FALSE(inbox.put({"a"}, message("m1"), kNow));
  inbox.mark_applied({"a", "c"}, *inbox.last_waiting({"a", "c"}));
  inbox.settle({"a", "c"}, 100, 1, kNow);
  EXPECT_FALSE(inbox.put({"a"}, message("m1"), kNow + std::chrono::days(29)));
  EXPECT_FALSE(inbox.last_waiting({"a", "c"}));
}

TEST(Inbox, OutlivesTheProcessAndIsTheOwnersAlone) {
  const TempDir dir;
  Inbox(dir / "inbox.db", StoreAccess::kReadWrite).put({"a"}, message("m1"), kNow);
  EXPECT_THAT(keys(Inbox(dir / "inbox.db", StoreAccess::kReadWrite).computed_after({"a", "c"}, 0)),
              ElementsAre("m1"));
  struct stat status {};
  ASSERT_EQ(::stat((dir / "inbox.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(Inbox, AWholeRunForgetsWhatItHadAndKeepsWhatIsNewer) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  inbox.put({"a"}, message("old", 100), kNow);
  inbox.put({"a"}, message("new", 200), kNow);
  inbox.mark_applied({"a", "c"}, *inbox.last_waiting({"a", "c"}));
  inbox.settle({"a", "c"}, 150, 2, kNow);
  EXPECT_THAT(keys(inbox.computed_after({"a", "c"}, -1)), ElementsAre("new"));
  EXPECT_EQ(inbox.settled({"a", "c"}), 150);
}

TEST(Inbox, AWholeRunOfUnknownAgeKeepsAllFor30Days) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  inbox.put({"a"}, message("m1", 100), kNow);
  inbox.settle({"a", "c"}, -1, 1, kNow);
  EXPECT_THAT(keys(inbox.computed_after({"a", "c"}, -1)), ElementsAre("m1"));
  inbox.settle({"a", "c"}, -1, 1, kNow + std::chrono::days(31));
  EXPECT_TRUE(inbox.computed_after({"a", "c"}, -1).empty());
}

TEST(Inbox, AMessageThatCameDuringAWholeRunStillWaits) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  inbox.put({"a"}, message("m1", 100), kNow);
  const auto last = *inbox.last_waiting({"a", "c"});
  inbox.put({"a"}, message("m2", 120), kNow);
  inbox.settle({"a", "c"}, 150, last, kNow);
  EXPECT_TRUE(inbox.last_waiting({"a", "c"}));
}

TEST(Inbox, AFullDiskIsToldAndLosesNothing) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  inbox.put({"a"}, message("m1"), kNow);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  auto large = message("m2");
  large.sealed = std::string(1'000'000, 'x');
  EXPECT_THROW(inbox.put({"a"}, large, kNow), Error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(keys(inbox.computed_after({"a", "c"}, 0)), ElementsAre("m1"));
  EXPECT_TRUE(inbox.put({"a"}, large, kNow));
}

TEST(Inbox, GivesWhatWaitsAndWhatMayOverruleIt) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  for (const auto& [key, computed] :
       {std::pair{"oldest", 100}, {"older", 200}, {"as old", 300}, {"newer", 400}}) {
    inbox.put({"a"}, message(key, computed), kNow);
  }
  inbox.mark_applied({"a", "c"}, *inbox.last_waiting({"a", "c"}));
  inbox.put({"a"}, message("late", 300), kNow);
  inbox.put({"b"}, message("of another", 500), kNow);
  EXPECT_THAT(keys(inbox.to_apply({"a", "c"}, -1)), ElementsAre("as old", "newer", "late"));
  EXPECT_THAT(keys(inbox.to_apply({"a", "c"}, 300)), ElementsAre()) << "late is part of the whole";
}

TEST(Inbox, ForgetsWhatIsOldAndWhatNobodyWaitsForAnyMore) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  inbox.put({"a", "gone"}, message("applied"), kNow);
  inbox.mark_applied({"a", "c"}, *inbox.last_waiting({"a", "c"}));
  inbox.put({"a", "gone"}, message("waits", 200), kNow);
  inbox.forget_old({{"a", "c"}}, kNow + std::chrono::days(29));
  EXPECT_TRUE(inbox.last_waiting({"gone", "c"}));
  inbox.forget_old({{"a", "c"}}, kNow + std::chrono::days(31));
  EXPECT_FALSE(inbox.last_waiting({"gone", "c"}));
  EXPECT_THAT(keys(inbox.computed_after({"a", "c"}, -1)), ElementsAre("waits"));
}

TEST(Inbox, OfAnotherCohortAMessageIsNobodysUntilItIsTakenAgain) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  const Subscription former{"a", "c"};
  const Subscription corrected{"a", "d"};
  inbox.put({"a"}, message("applied"), kNow);
  inbox.settle(former, 50, *inbox.last_waiting(former), kNow);
  inbox.put({"a"}, message("waits"), kNow);
  EXPECT_FALSE(inbox.last_waiting(corrected));
  EXPECT_TRUE(inbox.computed_after(corrected, -1).empty());
  EXPECT_TRUE(inbox.to_apply(corrected, -1).empty());
  EXPECT_EQ(inbox.settled(corrected), -1) << "the whole of another cohort has none of this one";
  inbox.mark_applied(corrected, 100);
  EXPECT_TRUE(inbox.last_waiting(former));
  inbox.forget_old({corrected}, kNow + std::chrono::days(31));
  EXPECT_FALSE(inbox.last_waiting(former));
}

TEST(Inbox, WhatWaitsIsKeptForEverAndWhatMayOverruleItToo) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  const Subscription to{"a", "c"};
  for (const auto& [key, computed] : {std::pair{"older", 100}, {"newer", 300}}) {
    inbox.put({"a"}, message(key, computed), kNow);
  }
  inbox.mark_applied(to, *inbox.last_waiting(to));
  inbox.put({"a"}, message("waits", 200), kNow);
  inbox.forget_old({to}, kNow + std::chrono::days(100));
  EXPECT_THAT(keys(inbox.to_apply(to, -1)), ElementsAre("newer", "waits"));
  EXPECT_THAT(keys(inbox.computed_after(to, -1, 250)), ElementsAre("newer", "waits"));
  EXPECT_THAT(keys(inbox.computed_after(to, -1, 350)), ElementsAre("waits"));
  EXPECT_FALSE(inbox.put({"a"}, message("newer", 300), kNow));
  EXPECT_TRUE(inbox.put({"a"}, message("older", 100), kNow)) << "long applied, and forgotten";
}

TEST(Inbox, ReadOnlyItIsReadAndNeverMade) {
  const TempDir dir;
  EXPECT_THROW(Inbox(dir / "inbox.db", StoreAccess::kReadOnly), Error);
  EXPECT_FALSE(std::filesystem::exists(dir / "inbox.db"));
  Inbox(dir / "inbox.db", StoreAccess::kReadWrite).put({"a"}, message("m1"), kNow);
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadOnly);
  EXPECT_THAT(keys(inbox.computed_after({"a", "c"}, 0)), ElementsAre("m1"));
  EXPECT_THROW(inbox.put({"a"}, message("m2"), kNow), Error);
}

TEST(Inbox, OfANewerVersionOrAnotherProgramIsRefused) {
  const TempDir dir;
  const auto code_after = [&](const char* change) {
    const auto file = dir / "inbox.db";
    std::filesystem::remove(file);
    Inbox(file, StoreAccess::kReadWrite).put({"a"}, message("m1"), kNow);
    sqlite::Database(file, SQLITE_OPEN_READWRITE).execute(change);
    try {
      Inbox(file, StoreAccess::kReadWrite).last_waiting({"a", "c"});
    } catch (const Error& error) {
      EXPECT_FALSE(error.hint().empty());
      return error.code();
    }
    return std::string{};
  };
  EXPECT_EQ(code_after("PRAGMA user_version = 2"), "inbox.newer");
  EXPECT_EQ(code_after("PRAGMA application_id = 7"), "inbox.not_ours");
}

TEST(Inbox, IsSyncedToTheDiskWithEachMessage) {
  const TempDir dir;
  Inbox inbox(dir / "inbox.db", StoreAccess::kReadWrite);
  const auto before = file_syncs;
  inbox.put({"a"}, message("m1"), kNow);
  EXPECT_GT(file_syncs, before);
}

}  // namespace
}  // namespace muster
