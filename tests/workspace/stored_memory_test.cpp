// What sources remember, in the state: for runs, and for looks that must change nothing.
#include "run/stored_memory.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using testing::TempDir;

MemberHasher hasher() { return MemberHasher(MemberHasher::Secret{}); }

SourceMemory::Change set(const std::string& value) {
  return [value](const auto&) { return value; };
}
SourceMemory::Change append(const std::string& value) {
  return [value](const auto& before) { return before.value_or("") + value; };
}
std::optional<std::string> nothing(const std::optional<std::string>&) { return std::nullopt; }

class StoredMemoryTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open(StoreAccess access = StoreAccess::kReadWrite) const {
    return open_sqlite_store(dir_ / "state.db", access);
  }
  std::optional<std::string> stored(const std::string& key) const {
    return StoredMemory(*open(), hasher).get(key);
  }

  TempDir dir_;
};

TEST_F(StoredMemoryTest, OutlivesTheProcess) {
  {
    const auto store = open();
    StoredMemory memory(*store, hasher);
    EXPECT_FALSE(memory.get("budget"));
    memory.update("budget", set("3"));
    EXPECT_EQ(memory.get("budget"), "3");
  }
  EXPECT_EQ(stored("budget"), "3");
}

TEST_F(StoredMemoryTest, AChangeSeesWhatAnotherProcessWroteMeanwhile) {
  const auto first = open();
  const auto second = open();
  StoredMemory ours(*first, hasher);
  StoredMemory theirs(*second, hasher);
  ours.update("budget", set("1"));
  EXPECT_EQ(theirs.get("budget"), "1");
  theirs.update("budget", append("2"));
  ours.update("budget", append("3"));
  EXPECT_EQ(stored("budget"), "123");
}

TEST_F(StoredMemoryTest, ForgetsWhatBecomesNothing) {
  const auto store = open();
  StoredMemory memory(*store, hasher);
  memory.update("download", set("id"));
  memory.update("download", nothing);
  EXPECT_FALSE(memory.get("download"));
}

TEST_F(StoredMemoryTest, KeepsApartFromOtherValuesOfTheState) {
  const auto store = open();
  store->put_value("vault.check", "sealed");
  StoredMemory memory(*store, hasher);
  EXPECT_FALSE(memory.get("vault.check"));
  memory.update("vault.check", set("x"));
  EXPECT_EQ(store->value("vault.check"), "sealed");
}

TEST_F(StoredMemoryTest, AChangeThatThrowsChangesNothing) {
  const auto store = open();
  StoredMemory memory(*store, hasher);
  memory.update("budget", set("1"));
  EXPECT_THROW(memory.update("budget",
                             [](const auto&) -> std::optional<std::string> {
                               throw Error(ErrorKind::kFailed, "x", "x");
                             }),
               Error);
  memory.update("budget", append("2"));
  EXPECT_EQ(memory.get("budget"), "12");
}

TEST_F(StoredMemoryTest, NamesASecretByAKeyedHash) {
  const auto store = open();
  StoredMemory memory(*store, hasher);
  const auto name = memory.name_of("the api key");
  EXPECT_EQ(name, memory.name_of("the api key"));
  EXPECT_NE(name, memory.name_of("the api kex"));
  EXPECT_EQ(name.find("api"), std::string::npos);
  MemberHasher::Secret other{};
  other[0] = 1;
  EXPECT_NE(name, StoredMemory(*store, [&] { return MemberHasher(other); }).name_of("the api key"));
}

class LookedMemoryTest : public StoredMemoryTest {
 protected:
  LookedMemoryTest() {
    const auto store = open();
    StoredMemory(*store, hasher).update("budget", set("1"));
    looked_ = open(StoreAccess::kReadOnly);
  }
  std::unique_ptr<Store> looked_;
};

TEST_F(LookedMemoryTest, WhatALookCostsIsCountedInTheState) {
  LookedMemory memory(looked_.get(), hasher, [&] { return open(); });
  EXPECT_EQ(memory.get("budget"), "1");
  memory.update("budget", append("2"));
  EXPECT_EQ(memory.get("budget"), "12");
  EXPECT_EQ(stored("budget"), "12");
}

TEST_F(LookedMemoryTest, WhereTheStateCanNotBeWrittenItLastsAsLongAsTheLook) {
  LookedMemory memory(looked_.get(), hasher, []() -> std::unique_ptr<Store> {
    throw Error(ErrorKind::kFailed, "state.read_only", "the disk is read-only");
  });
  memory.update("budget", append("2"));
  memory.update("budget", append("3"));
  EXPECT_EQ(memory.get("budget"), "123");
  EXPECT_EQ(stored("budget"), "1");
}

TEST_F(LookedMemoryTest, WithoutAStateItLastsAsLongAsTheLook) {
  LookedMemory memory(nullptr, hasher, [] { return std::unique_ptr<Store>(); });
  EXPECT_FALSE(memory.get("budget"));
  memory.update("budget", append("2"));
  EXPECT_EQ(memory.get("budget"), "2");
  memory.update("budget", nothing);
  EXPECT_FALSE(memory.get("budget"));
}

}  // namespace
}  // namespace muster
