// What the tests of the state share: a store in a directory of its own, and rows to put there.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/error.hpp"
#include "state/store.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

inline const Instant kNow{Milliseconds{1'790'000'000'000}};

//! A state file in a directory that goes with it.
class StateDir {
 public:
  std::filesystem::path file() const { return directory_ / "state.db"; }
  std::unique_ptr<Store> open(StoreAccess access = StoreAccess::kReadWrite) const {
    return open_sqlite_store(file(), access);
  }
  const TempDir& directory() const { return directory_; }

 private:
  TempDir directory_;
};

inline MemberKey key_of(std::uint8_t first) {
  MemberKey key;
  key.bytes[0] = first;
  key.bytes[15] = 7;
  return key;
}

inline MemberRow member_in(MemberState state, std::uint8_t first, std::string record = {}) {
  MemberRow row;
  row.key = key_of(first);
  row.state = state;
  row.record_id = std::move(record);
  return row;
}

inline SyncRow new_sync(Store& store, std::string name = "power_users") {
  SyncRow row;
  row.name = std::move(name);
  row.connection = "marketing";
  return store.put_sync(row);
}

//! The code of the Error that `call` throws, or "no error".
inline std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return "no error";
}

//! A state with one sync.
class StoreTest : public ::testing::Test {
 protected:
  StateDir state_;
  std::unique_ptr<Store> store_ = state_.open();
  SyncId sync_ = new_sync(*store_).id;

  //! As another process would find it.
  void open_again() {
    store_.reset();
    store_ = state_.open();
  }
  RunId start_run(const std::string& sync, Instant started = kNow) {
    RunRow run;
    run.sync = sync;
    run.started = started;
    return store_->start_run(run);
  }
};

}  // namespace muster::testing
