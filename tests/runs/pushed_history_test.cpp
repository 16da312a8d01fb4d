// Random histories of pushed messages: late, out of order, repeated, with whole runs and deaths in
// between. Whatever came when, the list is what a model says that keeps every message for ever. A
// seed that fails is run alone by MUSTER_SEED=n.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <set>

#include "cohort/aged_source.hpp"
#include "run/pushes.hpp"
#include "simulation/random.hpp"
#include "simulator/amplitude_webhook.hpp"

namespace muster::testing {
namespace {

using People = std::set<std::string>;

//! What should be: who was in the cohort when it was read whole, and the newest change of each
//! person since.
class Model {
 public:
  void take(const simulator::WebhookMessage& message) { messages_.push_back(message); }
  void read_whole(People cohort, std::int64_t as_of) {
    cohort_ = std::move(cohort);
    as_of_ = as_of;
  }
  People list() const {
    std::map<std::string, std::int64_t> newest;
    auto people = cohort_;
    for (const auto& message : messages_) {
      if (message.computed_time <= as_of_) continue;
      for (const auto& user : message.users) {
        auto& computed = newest.try_emplace(user.user_id, message.computed_time).first->second;
        if (message.computed_time < computed) continue;
        computed = message.computed_time;
        if (message.in_cohort) {
          people.insert(user.user_id);
        } else {
          people.erase(user.user_id);
        }
      }
    }
    return people;
  }

 private:
  std::vector<simulator::WebhookMessage> messages_;  // in the order of their arrival
  People cohort_;
  std::int64_t as_of_ = -1;
};

//! A sync that takes pushes, as Workspace drives it, with a set of people for a list.
class History {
 public:
  History(std::uint64_t seed, const std::filesystem::path& inbox_file)
      : random_(seed),
        sync_(std::to_string(seed)),
        inbox_(inbox_file, StoreAccess::kReadWrite),
        pushes_(inbox_, vault_, clock_),
        to_(pushes_.subscription(sync_, kCohort)) {}

  void run() {
    whole_run();
    for (int step = 0; step < 40 && !::testing::Test::HasFailure(); ++step) {
      clock_.advance(std::chrono::seconds(random_.pick(1, 600)));
      const auto drawn = random_.pick(1, 100);
      if (drawn <= 45) {
        made_.push_back(message());
        if (random_.chance(0.7)) deliver(made_.back());  // the others come late, or never
      } else if (drawn <= 70 && !made_.empty()) {
        deliver(random_.one_of(made_));
      } else if (drawn <= 90) {
        apply();
      } else {
        whole_run();
      }
    }
    apply();
  }

 private:
  static constexpr const char* kCohort = "7khm89cz";
  std::int64_t now() const { return pushed_time(clock_.now()); }
  std::string person() { return "u" + std::to_string(random_.pick(0, 5)); }

  simulator::WebhookMessage message() {
    simulator::WebhookMessage made;
    made.cohort_id = kCohort;
    made.message_id = "m" + std::to_string(made_.size());
    made.in_cohort = random_.chance(0.5);
    const bool at_once = !made_.empty() && random_.chance(0.2);
    made.computed_time = at_once ? random_.one_of(made_).computed_time
                                 : now() - static_cast<std::int64_t>(random_.pick(0, 3'000));
    People people;
    for (auto count = random_.pick(1, 3); count > 0; --count) people.insert(person());
    for (const auto& id : people) made.users.push_back({0, id, {}});
    return made;
  }

  void deliver(const simulator::WebhookMessage& message) {
    const auto body = message.body();
    const bool is_new = pushes_.keep({sync_}, parse_pushed_message(body), body);
    EXPECT_EQ(is_new, delivered_.insert(message.message_id).second) << message.message_id;
    if (is_new) model_.take(message);
  }

  static People people_of(Source& source) {
    source.open({"user_id", {}});
    People people;
    while (const auto member = source.next()) people.emplace(member->identifier);
    return people;
  }

  //! Now and then the process dies before the inbox knows that it is done.
  void apply() {
    using Direction = PushedChanges::Direction;
    if (const auto last = inbox_.last_waiting(to_)) {
      const auto changes = pushes_.to_apply(to_);
      PushedSource enters([&] { return changes.waiting(Direction::kEnters); });
      PushedSource leaves([&] { return changes.waiting(Direction::kLeaves); });
      for (const auto& id : people_of(enters)) list_.insert(id);
      for (const auto& id : people_of(leaves)) list_.erase(id);
      if (!random_.chance(0.2)) inbox_.mark_applied(to_, *last);
    }
    EXPECT_EQ(list_, model_.list());
  }

  void whole_run() {
    People cohort;
    std::vector<SourceRow> rows;
    for (auto count = random_.pick(0, 6); count > 0; --count) cohort.insert(person());
    for (const auto& id : cohort) rows.push_back({id, id, {}});
    read_at_ = std::max(read_at_, clock_.now() - std::chrono::seconds(random_.pick(0, 2'000)));
    std::int64_t taken_in = 0;
    OverlaidSource source(std::make_unique<AgedSource>(rows, read_at_), clock_, [&] {
      taken_in = inbox_.last_waiting(to_).value_or(0);
      return pushes_.since_whole(to_);
    });
    list_ = people_of(source);
    const auto as_of = pushed_time(source.as_of());
    model_.read_whole(std::move(cohort), as_of);
    EXPECT_EQ(list_, model_.list()) << "after a whole run";
    if (random_.chance(0.2)) return whole_run();  // it died before the inbox knew
    inbox_.settle(to_, as_of, taken_in, clock_.now());
  }

  simulation::Random random_;
  std::string sync_;
  VirtualClock clock_;
  Vault vault_ = Vault::with_key("0123456789abcdef0123456789abcdef");
  Inbox inbox_;
  Pushes pushes_;
  Subscription to_;
  Model model_;
  std::vector<simulator::WebhookMessage> made_;
  std::set<std::string> delivered_;
  People list_;
  Instant read_at_{};
};

TEST(PushedHistory, EndsAsTheNewestChangeOfEachPersonSaysWhateverCameWhen) {
  const TempDir dir;
  const auto* only = ::getenv("MUSTER_SEED");
  const std::uint64_t first = only != nullptr ? std::stoull(only) : 1;
  const std::uint64_t last = only != nullptr ? first : 200;
  for (auto seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    History(seed, dir / "inbox.db").run();
  }
}

}  // namespace
}  // namespace muster::testing
