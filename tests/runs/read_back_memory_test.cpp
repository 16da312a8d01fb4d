// What a read-back holds in memory for each record: at most 16 bytes, whatever the size of the
// list. Every allocation of the program by `new` is counted; SQLite's pages, whose number is fixed,
// are not among them.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "run/read_back.hpp"
#include "support/idle_destination.hpp"
#include "support/temp_dir.hpp"

namespace {

std::atomic<std::size_t> held{0};
std::atomic<std::size_t> most_held{0};

void* counted(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  const auto now = held += ::malloc_usable_size(memory);
  if (now > most_held) most_held = now;
  return memory;
}

void released(void* memory) noexcept {
  held -= ::malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { released(memory); }
void operator delete[](void* memory) noexcept { released(memory); }
void operator delete(void* memory, std::size_t) noexcept { released(memory); }
void operator delete[](void* memory, std::size_t) noexcept { released(memory); }

namespace muster::testing {
namespace {

//! An audience of so many records, in pages as HubSpot's; it does nothing else.
class Audience final : public IdleDestination {
 public:
  static constexpr std::uint64_t kPage = 250;
  static constexpr std::uint64_t kFirst = 100'000'000'000;  // as long as HubSpot's ids are
  explicit Audience(std::uint64_t records) : records_(records) {}

  void read_back(std::string_view, std::string_view cursor, const RecordPage& page) override {
    std::uint64_t at = cursor.empty() ? 0 : std::stoull(std::string(cursor));
    while (at < records_) {
      std::vector<std::string> ids;
      for (const auto end = std::min(at + kPage, records_); at < end; ++at) {
        ids.push_back(std::to_string(kFirst + at));
      }
      const std::vector<std::string_view> views(ids.begin(), ids.end());
      page(views, at < records_ ? std::to_string(at) : std::string());
    }
  }

 private:
  std::uint64_t records_;
};

class ReadBackMemoryTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kRecords = 1'000'000;

  //! Every member is listed; `strangers` and `missing` in a thousand are not in the list.
  void list_members(std::uint64_t missing_of_a_thousand) {
    store_ = open_sqlite_store(dir_ / "state.db", StoreAccess::kReadWrite);
    SyncRow row;
    row.name = "s";
    row.connection = "c";
    sync_ = store_->put_sync(row).id;
    Store::Transaction transaction(*store_);
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      MemberRow member;
      for (int byte = 0; byte < 8; ++byte) {
        member.key.bytes[static_cast<std::size_t>(byte)] =
            static_cast<std::uint8_t>(i >> (56 - 8 * byte));
      }
      member.state = MemberState::kListed;
      const bool missing = i % 1'000 < missing_of_a_thousand;
      member.record_id = std::to_string((missing ? 1 : Audience::kFirst) + i);
      store_->put_member(sync_, member);
    }
    transaction.commit();
  }
  //! The most that a read-back and a comparison hold.
  double bytes_for_each_record() {
    Audience audience(kRecords);
    VirtualClock clock;
    Patience patience(clock, Milliseconds{0}, [](Milliseconds) {});
    const std::size_t before = held;
    most_held = before;
    const AudienceRecords records(audience, "1", patience, {});
    EXPECT_EQ(records.size(), kRecords);
    comparison_ = compare(records, *store_, sync_, [](RunId) { return false; });
    return static_cast<double>(most_held - before) / kRecords;
  }

  TempDir dir_;
  std::unique_ptr<Store> store_;
  SyncId sync_{};
  Comparison comparison_;
};

TEST_F(ReadBackMemoryTest, IsAtMostSixteenBytesForEachRecord) {
  list_members(0);
  const auto bytes = bytes_for_each_record();
  EXPECT_EQ(comparison_.confirmed, kRecords);
  EXPECT_EQ(comparison_.strangers, 0U);
  EXPECT_GE(bytes, 8.0) << "nothing was counted";
  EXPECT_LE(bytes, 9.0);
  RecordProperty("bytes_for_each_record", std::to_string(bytes));
}

TEST_F(ReadBackMemoryTest, IsAtMostSixteenBytesAlsoWhereOneInTenIsMissing) {
  list_members(100);
  const auto bytes = bytes_for_each_record();
  EXPECT_EQ(comparison_.missing.size(), kRecords / 10);
  EXPECT_LE(bytes, 16.0);
  RecordProperty("bytes_for_each_record", std::to_string(bytes));
}

}  // namespace
}  // namespace muster::testing
