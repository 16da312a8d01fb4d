// A day of a busy installation in virtual time: 50 hourly syncs on 10 connections, with faults.
// Nothing grows, no run is missed, and at the end every list is right.
#include <gtest/gtest.h>
#include <malloc.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "schedule/served_world.hpp"

namespace muster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ServedWorld;

constexpr int kConnections = 10;
constexpr int kSyncsEach = 5;
constexpr int kHours = 24;
// Caches are full by then, and everything has met a fault.
constexpr int kWarm = 8;
// The rows of a day's runs are in SQLite's page caches, at most 2 MB each.
constexpr std::size_t kMostGrowth = 4 << 20;

std::size_t bytes_in_use() { return ::mallinfo2().uordblks; }

std::ptrdiff_t open_descriptors() {
  namespace fs = std::filesystem;
  return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{});
}

class Soak : public ::testing::Test {
 protected:
  Soak() : world_(kConnections, kSyncsEach, "hourly") {
    for (auto& account : world_.accounts) {
      account->faults().set_source(
          [this](const simulator::SimRequest&) { return faulty_ ? draw() : std::nullopt; });
    }
  }

  std::optional<simulator::Fault> draw() {
    if (random_() % 100 >= 4) return std::nullopt;
    ++faults_;
    simulator::Fault fault;
    switch (random_() % 6) {
      case 0:
        fault.kind = "reset";
        fault.applied = random_() % 2 == 0;
        break;
      case 1:
        fault.kind = "truncated";
        break;
      case 2:
        fault.kind = "refused";
        break;
      case 3:
        fault.status = 429;
        break;
      case 4:
        fault.status = 423;
        break;
      default:
        fault.status = 502;
        break;
    }
    return fault;
  }

  //! What the test itself and the simulator keep of an hour is no growth of muster's.
  void serve_an_hour() {
    for (int c = 0; c < kConnections; ++c) {
      for (int s = 0; s < kSyncsEach; ++s) {
        const auto name = fmt::format("c{}s{}", c, s);
        std::vector<std::string> emails{"stays@example.com"};
        for (int i = 0; i < 12; ++i) {
          if (random_() % 2 == 0) emails.push_back(fmt::format("person{}@example.com", i));
        }
        cohorts_[name] = {emails.begin(), emails.end()};
        world_.write_cohort(name, emails);
      }
    }
    world_.serve(hours(1));
    for (const auto& [sync, at] : world_.told.begun) begun_[sync].push_back(at);
    const auto kept = std::move(world_.told.runs);
    last_.clear();
    for (const auto& run : kept) last_[run.sync] = run.result.run.status;
    world_.told.begun.clear();
    world_.told.runs.clear();
    world_.told.notices.clear();
    for (auto& account : world_.accounts) {
      account->log().clear();
      for (auto& [id, list] : account->account().lists()) list.recent.clear();
    }
  }

  ServedWorld world_;
  std::mt19937_64 random_{11};
  bool faulty_ = true;
  std::uint64_t faults_ = 0;
  std::map<std::string, std::set<std::string>> cohorts_;
  std::map<std::string, std::vector<Instant>> begun_;
  std::map<std::string, RunStatus> last_;
};

TEST_F(Soak, ADayOfFiftyHourlySyncsWithFaultsMissesNoRunAndGrowsNowhere) {
  std::size_t bytes = 0;
  std::ptrdiff_t descriptors = 0;
  for (int hour = 0; hour < kHours; ++hour) {
    serve_an_hour();
    if (hour == kWarm) {
      bytes = bytes_in_use();
      descriptors = open_descriptors();
    }
  }
  EXPECT_LE(bytes_in_use(), bytes + kMostGrowth);
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_GT(faults_, 100U);
  EXPECT_EQ(begun_.size(), static_cast<std::size_t>(kConnections * kSyncsEach));
  for (const auto& [sync, times] : begun_) {
    EXPECT_GE(times.size(), static_cast<std::size_t>(kHours)) << sync;
    for (std::size_t i = 1; i < times.size(); ++i) {
      EXPECT_LE(times[i] - times[i - 1], hours(1) + minutes(10)) << sync;
    }
  }

  faulty_ = false;
  serve_an_hour();
  serve_an_hour();
  for (const auto& [sync, emails] : cohorts_) {
    auto& account = world_.accounts.at(static_cast<std::size_t>(sync[1] - '0'))->account();
    std::set<std::string> listed;
    const auto* list = account.list_by_name(fmt::format("amplitude_Cohort {}", sync[3]));
    ASSERT_NE(list, nullptr) << sync;
    for (const auto& [id, joined] : list->members) listed.insert(account.by_id(id)->email);
    EXPECT_EQ(listed, emails) << sync;
    EXPECT_EQ(last_.at(sync), RunStatus::kSucceeded) << sync;
  }
}

}  // namespace
}  // namespace muster
