#include "cohort/source_suite.hpp"

namespace muster::testing {

TEST_P(EverySource, GivesEveryMemberOnceInOrder) {
  const auto people = many_people(12'345);
  const auto source = kind_->holding(people, {});
  source->open(columns_);
  EXPECT_EQ(people_of(*source), people);
  EXPECT_FALSE(source->next()) << "the end stays the end";
  EXPECT_TRUE(source->notices().empty());
}

TEST_P(EverySource, GivesTextAsItStandsThere) {
  const std::vector<Person> people{{"u1", "jürgen@example.com", "say \"hi\", then\nleave"},
                                   {"u2", " Padded@Example.com ", "日本語 😀; '--"},
                                   {"u,3", "a@b.com", "tab\there"}};
  const auto source = kind_->holding(people, {});
  source->open(columns_);
  EXPECT_EQ(people_of(*source), people);
}

TEST_P(EverySource, GivesWhatIsMissingAsEmpty) {
  const std::vector<Person> people{{"", "a@b.com", ""}, {"u2", "", "pro"}, {"u3", "c@d.com", ""}};
  const auto source = kind_->holding(people, {});
  source->open(columns_);
  EXPECT_EQ(people_of(*source), people);
}

TEST_P(EverySource, TellsWhereMembersStandInRisingNumbers) {
  const auto source = kind_->holding(many_people(50), {});
  source->open(columns_);
  std::uint64_t last = 0;
  while (const auto member = source->next()) {
    EXPECT_GT(member->line, last);
    last = member->line;
  }
}

TEST_P(EverySource, FindsColumnsByTheirAliases) {
  if (!kind_->has_columns()) GTEST_SKIP() << "gives the columns that it is asked for";
  const auto source = kind_->holding(many_people(3), {});
  source->open({"E-Mail", {"Plan"}});
  EXPECT_EQ(people_of(*source), many_people(3));
}

//! Which of two is meant can't be known: no address is sent for a guess.
TEST_P(EverySource, TakesNeitherOfTwoColumnsThatAreMeantAlike) {
  const auto source = kind_->being_ambiguous();
  if (!source) GTEST_SKIP() << "has each name once";
  try {
    source->open({"email", {}});
    while (const auto member = source->next()) EXPECT_EQ(member->identifier, "");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.ambiguous_column");
  }
}

TEST_P(EverySource, RefusesAMissingColumnByItsName) {
  if (!kind_->misses_columns()) GTEST_SKIP() << "what nobody has is empty";
  const auto source = kind_->holding(many_people(3), {});
  try {
    source->open({"hubspot_id", {}});
    while (source->next()) {
    }
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.missing_column");
    EXPECT_THAT(error.message(), ::testing::HasSubstr("hubspot_id"));
    EXPECT_EQ(std::string(error.what()).find("person1"), std::string::npos);
    EXPECT_FALSE(error.where().empty());
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_P(EverySource, ThatBreaksOffNeverLooksLikeASmallerCohort) {
  const auto source = kind_->breaking_off(many_people(40'000));
  if (!source) GTEST_SKIP() << "can't break off";
  expect_not_taken_for_a_cohort(*source, columns_);
}

TEST_P(EverySource, ThatBreaksOffBetweenTwoRowsNeitherDoes) {
  const auto source = kind_->breaking_off_between_rows(many_people(40'000));
  if (!source) GTEST_SKIP() << "nobody could tell";
  expect_not_taken_for_a_cohort(*source, columns_);
}

TEST_P(EverySource, CanBeOpenedAgainAndBeginsAnew) {
  const auto people = many_people(9'000);
  const auto source = kind_->holding(people, {});
  source->open(columns_);
  for (int i = 0; i < 7'000; ++i) ASSERT_TRUE(source->next());
  source->open(columns_);
  EXPECT_EQ(people_of(*source), people);
}

TEST_P(EverySource, TellsTheSameOfWhatIsOddWhenItIsOpenedAgain) {
  const auto source = kind_->being_odd();
  if (!source) GTEST_SKIP() << "nothing is odd";
  source->open(columns_);
  const auto people = people_of(*source);
  const auto told = told_by(*source);
  EXPECT_FALSE(told.empty());
  // Once after a reading that broke off, and once after a whole one.
  source->open(columns_);
  source->next();
  for (int i = 0; i < 2; ++i) {
    source->open(columns_);
    EXPECT_EQ(people_of(*source), people);
    EXPECT_EQ(told_by(*source), told);
  }
}

TEST_P(EverySource, BeatsWhileItWaitsAndEndsWhenTheUserWants) {
  Cancellation cancellation;
  int beats = 0;
  Waiting waiting;
  waiting.cancellation = &cancellation;
  const auto source = kind_->keeping_waiting(waiting);
  if (!source) GTEST_SKIP() << "never waits";
  source->set_heartbeat([&] {
    if (++beats == 4) cancellation.request();
  });
  try {
    source->open(columns_);
    source->next();
    ADD_FAILURE() << "did not wait";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted) << error.what();
  }
  EXPECT_EQ(beats, 4);
}

TEST_P(EverySource, HandsOnWhatTheHeartbeatThrows) {
  const auto source = kind_->keeping_waiting({});
  if (!source) GTEST_SKIP() << "never waits";
  source->set_heartbeat([] { throw Error(ErrorKind::kBusy, "run.busy", "the lease is lost"); });
  try {
    source->open(columns_);
    source->next();
    ADD_FAILURE() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "run.busy");
  }
}

}  // namespace muster::testing
