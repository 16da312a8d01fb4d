// A state that a power cut left without a byte is not a new one.
#include "run/cut_off_state.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

class CutOffState : public ::testing::Test {
 protected:
  void expect_refused(const std::string& left) {
    dir.write("state.db", left);
    try {
      refuse_cut_off_state(dir.path());
      ADD_FAILURE() << left.size() << " bytes";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "state.cut_off");
      EXPECT_EQ(error.where(), (dir.path() / "state.db").string());
      EXPECT_NE(error.hint().find("--full"), std::string::npos);
    }
  }
  void expect_taken() { EXPECT_NO_THROW(refuse_cut_off_state(dir.path())); }

  testing::TempDir dir;
};

TEST_F(CutOffState, IsRefusedWhereTheWorkspaceWasInUse) {
  dir.write("vault.key", "a key");
  expect_refused("");
  expect_refused("S");
  expect_refused(std::string(99, 'S'));
}

//! The key may be in the environment.
TEST_F(CutOffState, IsRefusedWhereThereAreReports) {
  std::filesystem::create_directory(dir.path() / "reports");
  dir.write("reports/7.csv", "run\n");
  expect_refused("");
}

TEST_F(CutOffState, IsNoneBeforeTheFirstRun) {
  expect_taken();
  dir.write("state.db", "");  // a process died as it made it
  expect_taken();
}

TEST_F(CutOffState, IsNoneWhereTheFileWasTakenAway) {
  dir.write("vault.key", "a key");
  expect_taken();  // a lost state: `--full` finds its list again
}

TEST_F(CutOffState, IsNoneWhereTheLogHoldsAll) {
  dir.write("vault.key", "a key");
  dir.write("state.db", "");
  dir.write("state.db-wal", "frames");
  expect_taken();
}

}  // namespace
}  // namespace muster
