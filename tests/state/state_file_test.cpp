// What becomes of a state file that is new, another program's, of another version, or damaged.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>

#include "state/schema.hpp"
#include "state/support.hpp"

namespace muster {
namespace {

using testing::code_of;
using testing::key_of;
using testing::member_in;
using testing::new_sync;
using testing::read_file;
using testing::StateDir;

//! SQL on the file, as another program would run it.
void execute(const std::filesystem::path& file, const std::string& sql) {
  sqlite::Database(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).execute(sql.c_str());
}

std::vector<std::string> names_in(const testing::TempDir& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

//! Many members, so that the file has pages to be damaged.
void fill(const StateDir& state) {
  const auto store = state.open();
  const auto sync = new_sync(*store).id;
  Store::Transaction transaction(*store);
  for (int i = 0; i < 2'000; ++i) {
    auto row = member_in(MemberState::kListed, 0, "record" + std::to_string(i));
    row.key.bytes[1] = static_cast<std::uint8_t>(i >> 8);
    row.key.bytes[2] = static_cast<std::uint8_t>(i & 0xff);
    store->put_member(sync, row);
  }
  transaction.commit();
}

TEST(StateFile, IsMadeForItsOwnerOnlyAndWithItsVersion) {
  const StateDir state;
  state.open();
  struct stat status {};
  ASSERT_EQ(::stat(state.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  sqlite::Database database(state.file(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(database.pragma("user_version"), sqlite::schema_version());
  EXPECT_EQ(database.pragma("application_id"), sqlite::kApplicationId);
}

TEST(StateFile, IsRefusedInADirectoryThatIsNotThere) {
  const StateDir state;
  const auto file = state.directory() / "missing" / "state.db";
  EXPECT_EQ(code_of([&] { open_sqlite_store(file, StoreAccess::kReadWrite); }),
            "state.cannot_open");
}

TEST(StateFile, OfAnotherProgramIsRefusedAndLeftAsItIs) {
  const StateDir state;
  execute(state.file(), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  const auto before = read_file(state.file());
  EXPECT_EQ(code_of([&] { state.open(); }), "state.not_ours");
  EXPECT_EQ(code_of([&] { state.open(StoreAccess::kReadOnly); }), "state.not_ours");
  EXPECT_EQ(read_file(state.file()), before);
}

TEST(StateFile, OfANewerVersionIsRefusedAndLeftAsItIs) {
  const StateDir state;
  state.open();
  execute(state.file(), "PRAGMA user_version = 1000");
  const auto before = read_file(state.file());
  EXPECT_EQ(code_of([&] { state.open(); }), "state.newer");
  EXPECT_EQ(code_of([&] { state.open(StoreAccess::kReadOnly); }), "state.newer");
  EXPECT_EQ(read_file(state.file()), before);
}

TEST(StateFile, ThatIsNoDatabaseIsRefusedAndLeftAsItIs) {
  const StateDir state;
  const std::string text(8'192, 'x');
  state.directory().write("state.db", text);
  EXPECT_EQ(code_of([&] { state.open(); }), "state.corrupt");
  EXPECT_EQ(code_of([&] { state.open(StoreAccess::kReadOnly); }), "state.corrupt");
  EXPECT_EQ(read_file(state.file()), text);
}

TEST(StateFile, ThatWasCutShortIsRefusedAndLeftAsItIs) {
  const StateDir state;
  fill(state);
  const auto whole = read_file(state.file());
  state.directory().write("state.db", whole.substr(0, whole.size() / 2));
  const auto before = read_file(state.file());
  EXPECT_EQ(code_of([&] { state.open(); }), "state.corrupt");
  EXPECT_EQ(read_file(state.file()), before);
}

TEST(StateFile, WithADamagedPageIsRefusedAndLeftAsItIs) {
  const StateDir state;
  fill(state);
  auto bytes = read_file(state.file());
  // The last page of a file this full holds members or their index.
  std::fill(bytes.end() - 4'096, bytes.end(), '\xee');
  state.directory().write("state.db", bytes);
  EXPECT_EQ(code_of([&] { state.open(); }), "state.corrupt");
  EXPECT_EQ(read_file(state.file()), bytes);
}

//! quick_check does not see it: the index says another record than the table.
TEST(StateFile, WhoseIndexContradictsItsTableIsRefusedAndLeftAsItIs) {
  const StateDir state;
  fill(state);
  auto bytes = read_file(state.file());
  // A record's id stands in the table and in the index; of one of the two a digit changes.
  const auto place = bytes.rfind("record");
  ASSERT_NE(place, std::string::npos);
  bytes[place + 6] ^= 1;
  state.directory().write("state.db", bytes);
  EXPECT_EQ(code_of([&] { state.open(); }), "state.corrupt");
  EXPECT_EQ(read_file(state.file()), bytes);
}

//! Whatever bit flips: the file is refused as it is, or what was read of it is whole.
TEST(StateFile, WithAFlippedBitIsRefusedAndLeftAsItIsOrOpens) {
  const StateDir state;
  fill(state);
  const auto whole = read_file(state.file());
  std::mt19937_64 random(7);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    auto bytes = whole;
    bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
    state.directory().write("state.db", bytes);
    const auto code = code_of([&] { state.open(StoreAccess::kReadOnly); });
    EXPECT_EQ(read_file(state.file()), bytes);
    if (code == "no error") continue;
    ++refused;
    EXPECT_EQ(code.rfind("state.", 0), 0U) << code;
    // A writer refuses it just so.
    EXPECT_NE(code_of([&] { state.open(); }), "no error");
    EXPECT_EQ(read_file(state.file()), bytes);
  }
  EXPECT_GT(refused, 30);
}

TEST(StateFile, ErrorsSayWhichFileAndWhatToDo) {
  const StateDir state;
  state.directory().write("state.db", std::string(8'192, 'x'));
  try {
    state.open();
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.where(), state.file().string());
    EXPECT_NE(error.message().find("damaged"), std::string::npos);
    EXPECT_NE(error.hint().find("backup"), std::string::npos);
  }
}

TEST(StateFile, ThatIsEmptyIsTreatedAsNew) {
  const StateDir state;
  state.directory().write("state.db", "");
  const auto store = state.open();
  EXPECT_TRUE(store->syncs().empty());
}

TEST(StateFile, LookedAtWhileThereIsNoneIsNotMade) {
  const StateDir state;
  EXPECT_EQ(code_of([&] { state.open(StoreAccess::kReadOnly); }), "state.missing");
  EXPECT_TRUE(names_in(state.directory()).empty());
}

TEST(StateFile, LookedAtIsNotWritten) {
  const StateDir state;
  fill(state);
  const auto before = read_file(state.file());
  {
    const auto looking = state.open(StoreAccess::kReadOnly);
    const auto sync = looking->sync("power_users");
    ASSERT_TRUE(sync);
    EXPECT_EQ(looking->count_members(sync->id, MemberState::kListed), 2'000U);
    EXPECT_EQ(code_of([&] { looking->put_value("a", "b"); }), "state.read_only");
  }
  EXPECT_EQ(names_in(state.directory()), std::vector<std::string>{"state.db"});
  EXPECT_EQ(read_file(state.file()), before);
}

TEST(StateFile, LookedAtWithALogOfAKilledWriterKeepsBothAsTheyAre) {
  const StateDir state;
  const StateDir copy;
  {
    const auto writing = state.open();
    writing->put_value("a", "b");
    // As a kill leaves them: the file, and a log that was not moved into it.
    for (const auto* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(state.file().string() + suffix, copy.file().string() + suffix);
    }
  }
  const auto log = std::filesystem::path(copy.file().string() + "-wal");
  const auto before = read_file(copy.file());
  const auto log_before = read_file(log);
  ASSERT_FALSE(log_before.empty());
  EXPECT_EQ(copy.open(StoreAccess::kReadOnly)->value("a"), "b");
  EXPECT_EQ(read_file(copy.file()), before);
  EXPECT_EQ(read_file(log), log_before);
}

TEST(StateFile, LookedAtIsNotChangedUnderneathByAWriterThatBeginsLater) {
  const StateDir state;
  fill(state);
  const auto looking = state.open(StoreAccess::kReadOnly);
  const auto sync = looking->sync("power_users")->id;
  const auto cursor = looking->members(sync);
  MemberRow row;
  std::size_t seen = cursor->next(row) ? 1 : 0;
  {
    const auto writing = state.open();
    Store::Transaction transaction(*writing);
    writing->forget_members(sync);
    for (std::uint8_t first = 1; first < 200; ++first) {
      writing->put_member(sync, member_in(MemberState::kDropped, first));
    }
    transaction.commit();
  }  // the last one to close moves the log into the file, if nobody looks
  while (cursor->next(row)) ++seen;
  EXPECT_EQ(seen, 2'000U);
}

TEST(StateFile, LookedAtWhileItIsWrittenShowsWhatIsCommitted) {
  const StateDir state;
  const auto writing = state.open();
  const auto sync = new_sync(*writing).id;
  const auto looking = state.open(StoreAccess::kReadOnly);
  Store::Transaction transaction(*writing);
  writing->put_member(sync, member_in(MemberState::kListed, 1, "101"));
  EXPECT_FALSE(looking->member(sync, key_of(1)));
  transaction.commit();
  EXPECT_TRUE(looking->member(sync, key_of(1)));
}

TEST(StateFile, ThatCanNotGrowRefusesAWriteAndStaysAsItWas) {
  const StateDir state;
  fill(state);
  {
    sqlite::Database database(state.file(), SQLITE_OPEN_READWRITE);
    const auto pages = database.pragma("page_count");
    database.execute(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
    const auto code = code_of(
        [&] { database.execute("INSERT INTO value (key, value) VALUES ('a', zeroblob(100000))"); });
    EXPECT_EQ(code, "state.disk_full");
  }
  EXPECT_FALSE(state.open()->value("a"));
}

}  // namespace
}  // namespace muster
