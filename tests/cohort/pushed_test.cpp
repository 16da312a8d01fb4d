// Pushed messages: what is taken, the newest change of each user, a cohort with changes laid over
// it.
#include "cohort/pushed_source.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "cohort/aged_source.hpp"
#include "simulator/amplitude_webhook.hpp"

namespace muster::testing {
namespace {

using ::testing::ElementsAre;

PushedMessage message(bool enters, std::int64_t computed, std::vector<std::string> users) {
  PushedMessage made;
  made.enters = enters;
  made.computed = computed;
  for (auto& user : users) made.users.push_back({user, {{"email", user + "@b.com"}}});
  return made;
}

TEST(PushedMessage, IsTheDefaultPayloadAsAmplitudeSendsIt) {
  simulator::AmplitudeCohort cohort;
  cohort.id = "7khm89cz";
  const auto sent = simulator::webhook_messages(cohort, {{1, "u1", {{"email", "a@b.com"}}}},
                                                {{2, "u2", {}}}, 1'692'206'763, "uuid");
  ASSERT_EQ(sent.size(), 2U);
  const auto enter = parse_pushed_message(sent[0].body());
  EXPECT_EQ(enter.cohort_id, "7khm89cz");
  EXPECT_TRUE(enter.enters);
  EXPECT_EQ(enter.computed, 1'692'206'763);
  EXPECT_EQ(enter.message_id, "uuid::enter::0");
  EXPECT_EQ(enter.users.at(0).properties.at("email"), "a@b.com");
  EXPECT_FALSE(parse_pushed_message(sent[1].body()).enters);
}

TEST(PushedMessage, MalformedOnesAreRefusedWithoutRepeatingThem) {
  const std::string good =
      R"({"cohort_id":"c","in_cohort":true,"computed_time":"5","message_id":"m","users":[{"user_id":"ada"}]})";
  EXPECT_NO_THROW(parse_pushed_message(good));
  const std::pair<const char*, const char*> changes[] = {
      {"\"cohort_id\":\"c\",", ""},
      {"\"in_cohort\":true", "\"in_cohort\":\"yes\""},
      {"\"5\"", "\"soon\""},
      {"\"5\"", "\"-5\""},
      {"\"message_id\":\"m\",", ""},
      {"[{\"user_id\":\"ada\"}]", "{}"},
      {"{\"user_id\":\"ada\"}", "\"ada\""},
      {"\"user_id\":\"ada\"", "\"user_id\":\"ada\",\"user_properties\":[]"},
      {"{\"cohort_id\"", "[\"cohort_id\""}};
  for (const auto& [from, to] : changes) {
    auto bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    try {
      parse_pushed_message(bad);
      ADD_FAILURE() << "taken: " << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "push.malformed");
      EXPECT_EQ(std::string(error.what()).find("ada"), std::string::npos);
    }
  }
  EXPECT_THROW(parse_pushed_message(""), Error);
  EXPECT_THROW(parse_pushed_message("\xFF"), Error);
  EXPECT_THROW(parse_pushed_message(std::string(100'000, '[')), Error);
}

TEST(PushedMessage, AUserWithoutAnIdIsNobodyAndTheOthersCount) {
  const std::pair<const char*, const char*> ids[] = {
      {R"("user_id":"ada",)", "ada"},
      {R"("user_id":42,)", "42"},
      {R"("user_id":18446744073709551615,)", "18446744073709551615"},
      {R"("user_id":null,)", ""},
      {R"("user_id":"",)", ""},
      {R"("user_id":true,)", ""},
      {R"("user_id":["ada"],)", ""},
      {"", ""}};
  for (const auto& [id, read] : ids) {
    const auto parsed = parse_pushed_message(
        R"({"cohort_id":"c","in_cohort":true,"computed_time":"5","message_id":"m","users":[{)" +
        std::string(id) + R"("user_properties":{"score":1.5,"none":null}},{"user_id":"bob"}]})");
    ASSERT_EQ(parsed.users.size(), 2U) << id;
    EXPECT_EQ(parsed.users[0].user_id, read);
    EXPECT_EQ(parsed.users[0].properties.at("score"), "1.5");
    EXPECT_FALSE(parsed.users[0].properties.contains("none"));
    EXPECT_EQ(parsed.users[1].user_id, "bob");
  }
}

TEST(PushedChanges, WithoutAUserIdAreCountedAndLaidOverNobody) {
  PushedChanges changes;
  changes.add(message(true, 100, {"u1", "", ""}), true);
  changes.add(message(false, 200, {""}), true);
  changes.add(message(true, 200, {""}), false);  // applied
  EXPECT_EQ(changes.by_user().size(), 1U);
  using Direction = PushedChanges::Direction;
  const auto entering = changes.waiting(Direction::kEnters);
  ASSERT_EQ(entering.size(), 3U);
  EXPECT_EQ(entering[0]->user_id, "u1");
  EXPECT_TRUE(entering[1]->properties.empty());
  EXPECT_EQ(changes.waiting(Direction::kLeaves).size(), 1U);
}

TEST(PushedChanges, AreOrderedByTheTimeOfComputationForEachUser) {
  PushedChanges changes;
  changes.add(message(false, 200, {"u1"}), true);
  changes.add(message(true, 100, {"u1", "u2"}), true);  // late
  changes.add(message(true, 200, {"u3"}), false);
  changes.add(message(false, 200, {"u3"}), true);  // at the same time: by arrival
  EXPECT_FALSE(changes.by_user().at("u1").enters);
  EXPECT_TRUE(changes.by_user().at("u2").enters);
  EXPECT_FALSE(changes.by_user().at("u3").enters);
}

std::vector<std::string> overlaid(std::optional<Instant> age, const PushedChanges& changes) {
  VirtualClock clock(Instant{std::chrono::seconds(20'000)});
  OverlaidSource source(std::make_unique<AgedSource>(std::vector<SourceRow>{{"u1", "u1@b.com", {}},
                                                                            {"u2", "u2@b.com", {}},
                                                                            {"", "x@b.com", {}}},
                                                     age),
                        clock, [&] { return changes; });
  source.open({"email", {}});
  std::vector<std::string> seen;
  while (const auto member = source.next()) seen.emplace_back(member->identifier);
  return seen;
}

TEST(OverlaidSource, LaysOverWhatIsNewerThanTheCohort) {
  PushedChanges changes;
  changes.add(message(false, 10'000, {"u1"}), false);
  changes.add(message(true, 10'000, {"u2", "u3"}), true);
  const auto at = [](int seconds) { return Instant{std::chrono::seconds(seconds)}; };
  const auto laid_over = ElementsAre("u2@b.com", "x@b.com", "u3@b.com");
  const auto as_it_is = ElementsAre("u1@b.com", "u2@b.com", "x@b.com");
  EXPECT_THAT(overlaid(at(9'000), changes), laid_over);
  EXPECT_THAT(overlaid(at(10'500), changes), laid_over) << "what is computed takes a while";
  EXPECT_THAT(overlaid(at(11'000), changes), as_it_is);
  EXPECT_THAT(overlaid({}, changes), laid_over);
}

TEST(OverlaidSource, OfATimeThatIsStillToComeIsAsOldAsItsReading) {
  PushedChanges changes;
  changes.add(message(false, 19'900, {"u1"}), false);
  EXPECT_THAT(overlaid(Instant{std::chrono::seconds(50'000)}, changes),
              ElementsAre("u2@b.com", "x@b.com"));
}

}  // namespace
}  // namespace muster::testing
