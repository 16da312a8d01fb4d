// A sync of SyncWorld's that takes pushed changes, and what Amplitude would push.
#pragma once

#include <gtest/gtest.h>

#include "run/pushes.hpp"
#include "runs/sync_world.hpp"
#include "simulator/amplitude_webhook.hpp"

namespace muster::testing {

using People = std::vector<std::size_t>;  // numbers of persons: user u3 is person3@example.com

inline std::string email(std::size_t number) { return fmt::format("person{}@example.com", number); }

class PushedTest : public ::testing::Test {
 protected:
  void fill(std::size_t people, std::vector<std::string> rules = {}) {
    configure(std::move(rules));
    world.cohort(SyncWorld::people(people));
    ASSERT_EQ(world.run().run.status, RunStatus::kSucceeded);
    world.clock.advance(std::chrono::hours(1));
    world.hubspot.log().clear();
  }
  void configure(std::vector<std::string> rules, const std::string& kind = "email") {
    rules.emplace_back("push: {cohort: 7khm89cz}");
    world.configure(rules, kind);
    world.dir.write("muster.yaml", read_file(world.dir / "muster.yaml") +
                                       "listen: {port: 0, headers: {X-Secret: {file: token}}}\n");
  }
  Vault vault() const { return Vault::open(world.dir / ".muster", Vault::IfMissing::kRefuse); }

  static simulator::WebhookMessage message(bool enters, const People& people,
                                           std::int64_t computed) {
    static int number = 0;
    simulator::WebhookMessage made;
    made.cohort_id = "7khm89cz";
    made.in_cohort = enters;
    made.computed_time = computed;
    made.message_id = fmt::format("uuid::{}::{}", enters ? "enter" : "exit", number++);
    for (const auto person : people) {
      made.users.push_back({0, fmt::format("u{}", person), {{"who", email(person)}}});
    }
    return made;
  }
  std::int64_t now() const { return pushed_time(world.clock.now()); }
  bool push(const simulator::WebhookMessage& message) {
    Inbox inbox(world.dir / ".muster/inbox.db", StoreAccess::kReadWrite);
    const auto body = message.body();
    return Pushes(inbox, vault(), world.clock).keep({"s"}, parse_pushed_message(body), body);
  }
  void push(bool enters, const People& people, std::int64_t seconds_ago = 0) {
    push(message(enters, people, now() - seconds_ago));
  }
  std::optional<RunResult> apply() {
    const auto workspace = world.open();
    const auto& sync = workspace->config().sync("s");
    EXPECT_TRUE(workspace->takes_changes(sync));
    return workspace->apply_pushed(sync, world.told);
  }
  bool waits() {
    const auto workspace = world.open();
    return workspace->has_pushed(workspace->config().sync("s"));
  }
  bool takes_changes() {
    const auto workspace = world.open();
    return workspace->takes_changes(workspace->config().sync("s"));
  }
  bool lists(std::size_t person) {
    const auto* contact = world.hubspot.account().by_email(email(person));
    return contact != nullptr && world.listed().contains(contact->id);
  }

  SyncWorld world;
};

}  // namespace muster::testing
