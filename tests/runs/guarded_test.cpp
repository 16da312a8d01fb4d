// Promise 6 in whole runs: what must not reach the list, and what a resumed run may finish.
#include <gtest/gtest.h>

#include <boost/regex.hpp>

#include <algorithm>

#include "runs/sync_world.hpp"
#include "support/from_amplitude.hpp"

namespace muster::testing {
namespace {

using std::chrono::hours;

class GuardedTest : public ::testing::Test {
 protected:
  void fill(std::size_t count, const std::vector<std::string>& rules = {}) {
    world.configure(rules);
    world.cohort(SyncWorld::people(count));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(hours(1));
    world.hubspot.log().clear();
  }
  void expect_stopped(const std::string& code, std::size_t listed) {
    const auto result = world.run();
    ASSERT_TRUE(result.error) << code;
    EXPECT_EQ(result.error->code(), code);
    EXPECT_EQ(result.error->kind(), ErrorKind::kGuard);
    EXPECT_EQ(result.run.status, RunStatus::kStopped);
    EXPECT_EQ(world.listed().size(), listed);
  }
  RunResult run_allowing() {
    RunOptions options;
    options.allow_removals = true;
    return world.run(options);
  }

  SyncWorld world;
};

TEST_F(GuardedTest, AnEmptySourceIsStoppedAlsoWithTheGuardOffAndASmallList) {
  fill(3, {"guard: off"});
  world.cohort({});
  expect_stopped("guard.empty_source", 3);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_FALSE(run_allowing().error);
  EXPECT_TRUE(world.listed().empty());
}

TEST_F(GuardedTest, ALostColumnIsStoppedWithTheFiguresAndFirstRunsAreFaults) {
  world.cohort(SyncWorld::people(30), "other");
  const auto first = world.run();
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->kind(), ErrorKind::kFailed);
  fill(30);
  world.cohort(SyncWorld::people(30), "other");
  const auto result = world.run();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "guard.lost_column");
  EXPECT_EQ(result.error->kind(), ErrorKind::kGuard);
  EXPECT_NE(result.error->message().find("all 30 listed members stay"), std::string::npos);
  EXPECT_NE(result.error->hint().find("--allow-removals"), std::string::npos);
  EXPECT_TRUE(result.run.error_message.starts_with(result.error->where() + ": "))
      << result.run.error_message;
  EXPECT_NE(result.error->message().find("who"), std::string::npos);
  EXPECT_EQ(world.writes(), 0U);
}

//! Whoever means to empty the list has a file that says so: with the column, and without rows.
TEST_F(GuardedTest, ALostColumnEmptiesNoListWhateverIsAllowed) {
  fill(30);
  world.cohort(SyncWorld::people(30), "other");
  const auto result = run_allowing();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "guard.lost_column");
  EXPECT_EQ(world.listed().size(), 30U);
  world.cohort({});
  EXPECT_FALSE(run_allowing().error);
  EXPECT_TRUE(world.listed().empty());
}

TEST_F(GuardedTest, AFileWithoutAByteIsAnEmptySource) {
  world.cohort({});
  world.dir.write("cohort.csv", "");
  const auto first = world.run();
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->code(), "guard.empty_source");
  EXPECT_EQ(first.error->kind(), ErrorKind::kGuard);
  fill(30);
  world.dir.write("cohort.csv", "");
  expect_stopped("guard.empty_source", 30);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_FALSE(run_allowing().error);
  EXPECT_TRUE(world.listed().empty());
}

void read_instead(const SyncWorld& world, const std::string& source) {
  world.dir.write("muster.yaml", boost::regex_replace(read_file(world.dir / "muster.yaml"),
                                                      boost::regex("source: \\{csv: [^}]*\\}"),
                                                      "source: " + source));
}

TEST_F(GuardedTest, AFileWithoutAByteAmongSeveralEmptiesNoListWhateverIsAllowed) {
  const struct {
    const char* source;
    const char* whole;  //!< its file that has everyone
    const char* empty;
    const char* other;
    const char* header;
  } cases[] = {
      {"{csv: p*.csv}", "p1.csv", "p0.csv", nullptr, "who\n"},
      {"{jsonl: p*.jsonl}", "p1.jsonl", "p0.jsonl", nullptr, nullptr},
      {"{amplitude_s3: .}", "1_c_2026-11-24T10:30_existing_k.csv",
       "1_c_2026-11-24T10:30_exiting_k.csv", "1_c_2026-11-24T10:30_entering_k.csv",
       "amplitudeID,userID,who\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.source);
    fill(30);
    read_instead(world, c.source);
    std::string text = c.header == nullptr ? "" : c.header;
    for (const auto& person : SyncWorld::people(30)) {
      if (c.header == nullptr) text += "{\"who\": \"" + person + "\"}\n";
      if (c.header != nullptr) text += (c.other != nullptr ? "1,u," : "") + person + "\n";
    }
    world.dir.write(c.whole, text);
    world.dir.write(c.empty, "");
    if (c.other != nullptr) world.dir.write(c.other, c.header);
    for (const bool allowed : {false, true}) {
      RunOptions options;
      options.allow_removals = allowed;
      const auto result = world.run(options);
      ASSERT_TRUE(result.error);
      EXPECT_EQ(result.error->code(), "source.empty_file");
      EXPECT_EQ(result.error->kind(), ErrorKind::kFailed);
      EXPECT_NE(result.error->where().find(c.empty), std::string::npos);
      EXPECT_EQ(result.error->message().find("the source is empty"), std::string::npos);
      EXPECT_EQ(world.listed().size(), 30U);
    }
  }
}

TEST_F(GuardedTest, ADownloadWithoutAByteEmptiesNoListWhateverIsAllowed) {
  read_from(world.amplitude, world.dir);
  for (const auto& person : SyncWorld::people(30)) add_person(world.amplitude, "who", person);
  ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
  world.amplitude.switches().empty_file = true;
  const auto result = run_allowing();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "amplitude.empty_file");
  EXPECT_EQ(world.listed().size(), 30U);
  world.amplitude.switches().empty_file = false;
  EXPECT_FALSE(world.run().error);
  EXPECT_EQ(downloads(world.amplitude), 3U) << "asked for anew";
}

TEST_F(GuardedTest, AnEmptiedSourceForgetsNobodyOfTheFormerAccount) {
  fill(30);
  {
    const auto store = world.store();
    auto connection = *store->connection("c");
    connection.account_id = "another";
    store->put_connection(connection);
  }
  world.cohort({"bad"});
  RunOptions full;
  full.full = true;
  const auto result = world.run(full);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "guard.empty_source");
  EXPECT_NE(result.error->message().find("30"), std::string::npos) << result.error->message();
  EXPECT_TRUE(result.cohort_was_read);
  EXPECT_EQ(dropped(result, "invalid_email"), 1U);
  const auto store = world.store();
  EXPECT_EQ(store->count_members(store->sync("s")->id, MemberState::kListed), 30U);
  EXPECT_FALSE(store->sync("s")->audience_ref.empty());
}

TEST_F(GuardedTest, ARepairFromAnEmptiedSourceIsStopped) {
  fill(30);
  world.hubspot.account().remove_member(world.list(), world.id_of("person3@example.com"));
  world.cohort({});
  const auto result = world.repair();
  ASSERT_TRUE(result.run && result.run->error);
  EXPECT_EQ(result.run->error->code(), "guard.empty_source");
  EXPECT_EQ(result.run->error->message(),
            "the source is empty; whoever of the 30 listed members is missing from the list would "
            "count as having left, and not be added again");
  EXPECT_FALSE(result.was_read);
  const auto store = world.store();
  EXPECT_EQ(store->count_members(store->sync("s")->id, MemberState::kListed), 30U);
}

//! What the guard says of it beforehand.
TEST_F(GuardedTest, ARepairFromAnEmptiedSourceThatIsAllowedToRemovesNobody) {
  fill(30);
  world.hubspot.account().remove_member(world.list(), world.id_of("person3@example.com"));
  world.cohort({});
  RunOptions allowing;
  allowing.allow_removals = true;
  const auto result = world.repair(allowing);
  EXPECT_FALSE(result.run->error);
  EXPECT_EQ(result.repaired, 0U);
  EXPECT_EQ(result.missing, 0U);
  EXPECT_EQ(world.listed().size(), 29U);
}

//! As with another cohort's file: nobody who is missing would be missed.
TEST_F(GuardedTest, ARepairFromASourceThatLostMostOfTheListedIsStopped) {
  fill(30);
  world.hubspot.account().remove_member(world.list(), world.id_of("person3@example.com"));
  world.cohort({"other@example.com"});
  const auto stopped = world.repair();
  ASSERT_TRUE(stopped.run && stopped.run->error);
  EXPECT_EQ(stopped.run->error->code(), "guard.removals");
  EXPECT_NE(stopped.run->error->message().find("30 of 30 listed members (100.0%) are no longer"),
            std::string::npos)
      << stopped.run->error->message();
  EXPECT_FALSE(stopped.was_read);
  RunOptions allowing;
  allowing.allow_removals = true;
  EXPECT_FALSE(world.repair(allowing).run->error);
  EXPECT_EQ(world.listed().size(), 29U) << "a repair removes nobody";
}

//! A column that was named by mistake does not make its matches final by a repair, either.
TEST_F(GuardedTest, ARepairByAnotherIdentifierThatMatchesNobodyKeepsTheFormerOne) {
  fill(30);
  world.configure({}, "contact_id");
  world.cohort({"4242"});
  const auto stopped = world.repair();
  ASSERT_TRUE(stopped.run && stopped.run->error);
  EXPECT_EQ(stopped.run->error->code(), "guard.removals");
  EXPECT_EQ(world.store()->sync("s")->identifier_kind, "email");
}

TEST_F(GuardedTest, ARepairOfAMirrorRemovesManyStrangersWhenItIsAllowedTo) {
  fill(30, {"remove_strangers: true"});
  auto& account = world.hubspot.account();
  for (int i = 0; i < 30; ++i) {
    const auto id = account.create(fmt::format("stranger{}@example.net", i)).id;
    account.add_member(world.list(), id);
  }
  const auto stopped = world.repair();
  ASSERT_TRUE(stopped.run && stopped.run->error);
  EXPECT_EQ(stopped.run->error->code(), "guard.strangers");
  EXPECT_EQ(stopped.run->error->hint().find("source"), std::string::npos) << "it is not at fault";
  EXPECT_EQ(world.listed().size(), 60U);
  RunOptions allowing;
  allowing.allow_removals = true;
  const auto result = world.repair(allowing);
  ASSERT_TRUE(result.run);
  EXPECT_FALSE(result.run->error);
  EXPECT_EQ(world.listed().size(), 30U);
}

TEST_F(GuardedTest, RemovalsThatWereConfirmedAreNotJudgedAgain) {
  fill(100);
  world.cohort(SyncWorld::people(75));
  world.fault("/memberships", 502, -1, 1);  // the removal passes, the read-back never does
  const auto cut_short = world.run();
  ASSERT_TRUE(cut_short.error);
  EXPECT_EQ(cut_short.run.status, RunStatus::kWaiting);
  EXPECT_EQ(world.listed().size(), 75U);
  world.hubspot.faults().clear();
  world.clock.advance(hours(1));
  const auto next = world.run();
  EXPECT_FALSE(next.error) << next.error->what();
  EXPECT_EQ(next.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(next.run.figures.removed, 0U);
}

TEST_F(GuardedTest, AMirrorIsNotMadeOfAListOfOthers) {
  fill(1, {"remove_strangers: true"});
  auto& account = world.hubspot.account();
  for (int i = 0; i < 59; ++i) {
    account.add_member(world.list(), account.create(fmt::format("other{}@example.net", i)).id);
  }
  expect_stopped("guard.strangers", 60);
  const auto allowed = run_allowing();
  EXPECT_FALSE(allowed.error);
  EXPECT_EQ(allowed.run.figures.removed, 59U);
  EXPECT_EQ(world.listed().size(), 1U);
}

TEST_F(GuardedTest, AReportIsNeverOverwrittenByAStateThatBeganAnew) {
  fill(2);
  const auto report = world.dir.path() / ".muster/reports/1.csv";
  ASSERT_TRUE(std::filesystem::exists(report));
  const auto before = read_file(report);
  for (const auto* name : {"state.db", "state.db-wal", "state.db-shm"}) {
    std::filesystem::remove(world.dir.path() / ".muster" / name);
  }
  world.configure({}, "email");
  world.list().name = "moved away";
  const auto result = world.run();
  EXPECT_FALSE(result.error) << result.error->what();
  EXPECT_EQ(result.report.filename(), "2.csv");
  EXPECT_EQ(read_file(report), before);
}

TEST_F(GuardedTest, AListMadeAgainGivesEveryMemberOneRowOfTheReport) {
  fill(10);
  world.list().deleted = world.clock.now();
  world.cohort(SyncWorld::people(12));
  const auto result = world.run();
  EXPECT_EQ(result.run.status, RunStatus::kSucceeded);
  EXPECT_EQ(result.run.figures.added, 12U);
  const auto text = read_file(result.report);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 12);
  EXPECT_EQ(text.find("to_retry"), std::string::npos);
}

}  // namespace
}  // namespace muster::testing
