#include "simulation/scenario.hpp"

#include <fmt/format.h>

#include "simulation/promises.hpp"
#include "simulation/world.hpp"

namespace muster::simulation {
namespace {

//! What was dropped is tried again within a day.
constexpr auto kBetweenRuns = std::chrono::hours(25);
constexpr int kMostRunsToRest = 14;

class Scenario {
 public:
  Scenario(std::uint64_t seed, Mutation mutation, const std::string& installation, bool verbose)
      : world_(seed, mutation, installation, verbose), promises_(world_) {}

  Outcome run() {
    // Whoever is a contact was one long before: by the time of its creation a contact is told from
    // one that a run has made.
    world_.clock.advance(std::chrono::hours(1));
    if (world_.draw.oauth) world_.connect();
    for (int day = 0; day < world_.draw.days; ++day) {
      live_through_a_day();
      if (world_.random.chance(0.3)) come_to_rest();
      world_.clock.advance(std::chrono::hours(world_.random.pick(1, 30)));
    }
    come_to_rest();
    return {promises_.violations(), world_.trace(), world_.runs,
            world_.requests,        world_.deaths,  world_.faults};
  }

 private:
  void live_through_a_day() {
    world_.people.change_cohort();
    world_.people.write_cohort(world_.dir);
    world_.set_faulty(true);
    const auto tries = world_.random.pick(2, 8);
    for (std::uint64_t i = 0; i < tries; ++i) {
      // Who leaves between a death and the next start may be back after the next.
      if (i > 0 && world_.random.chance(0.5)) {
        world_.people.change_cohort();
        world_.people.write_cohort(world_.dir);
      }
      if (world_.random.chance(0.35)) world_.events.happen();
      if (world_.events.ledger().uninstalled && world_.random.chance(0.5)) world_.connect();
      promises_.look_before();
      const auto options = draw_options();
      const auto end = world_.live(options);
      promises_.check_after(end);
      if (!options.allow_removals) promises_.check_guard(end);
      note_reconnect(end);
      // Whoever starts it again waits a little: what was spent of the limit before is not known.
      world_.clock.advance(std::chrono::seconds(10));
      world_.clock.advance(Milliseconds{world_.random.pick_signed(1, 7'200'000)});
    }
  }

  //! As whoever starts it asks for it; at rest, only what its error says.
  RunOptions draw_options() {
    RunOptions options;
    options.allow_removals = world_.random.chance(0.5);
    options.full = world_.random.chance(0.08);
    return options;
  }

  //! What a person does about a run that waits for one.
  void answer(const Error& error, RunOptions& options) {
    if (error.kind() == ErrorKind::kGuard) options.allow_removals = true;
    if (world_.draw.on_list_deleted == "stop") options.restore_list = true;
    // A new refresh token that nobody kept is lost with the old one.
    const bool lost = error.kind() == ErrorKind::kReconnect && world_.draw.oauth &&
                      world_.hubspot.switches().rotate_refresh_tokens;
    if (lost) world_.connect();
  }

  //! A token that HubSpot refuses twice is one that a person must replace.
  void note_reconnect(const ProcessEnd& end) {
    const bool refused = end.result && end.result->unauthenticated;
    if (refused && world_.draw.oauth) world_.events.ledger().uninstalled = true;
  }

  //! The faults stop; the sync runs until nothing changes any more.
  void come_to_rest() {
    world_.set_faulty(false);
    if (world_.events.ledger().uninstalled) world_.connect();
    int quiet = 0;
    RunOptions options;
    for (int i = 0; i < kMostRunsToRest; ++i) {
      promises_.look_before();
      const auto end = world_.live(options);
      promises_.check_after(end);
      if (!options.allow_removals) promises_.check_guard(end);
      options.restore_list = false;
      if (end.result && end.result->error) answer(*end.result->error, options);
      if (!end.result) {
        return promises_.violate(fmt::format("a run without faults could not begin: {}",
                                             end.error ? end.error->message() : ""));
      }
      const auto& figures = end.result->run.figures;
      const bool changes = figures.added + figures.removed + figures.created > 0;
      quiet = end.result->error || changes ? 0 : quiet + 1;
      // Thrice: a member may wait for the second of its daily retries.
      if (quiet == 3) return promises_.check_at_rest(*end.result);
      if (i + 1 == kMostRunsToRest) {
        return promises_.violate(fmt::format(
            "it does not come to rest: {}", end.result->error ? end.result->error->message() : ""));
      }
      world_.clock.advance(kBetweenRuns);
    }
  }

  World world_;
  Promises promises_;
};

}  // namespace

Outcome run_seed(std::uint64_t seed, Mutation mutation, const std::string& installation,
                 bool verbose) {
  return Scenario(seed, mutation, installation, verbose).run();
}

}  // namespace muster::simulation
