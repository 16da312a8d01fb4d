#include "simulation/draw.hpp"

#include <fmt/format.h>

#include <array>

namespace muster::simulation {

Draw draw_world(Random& random, simulator::Switches& switches) {
  Draw draw;
  draw.by_email = random.chance(0.7);
  draw.create_missing = draw.by_email && random.chance(0.8);
  draw.verify = random.chance(0.8);
  draw.repair = random.chance(0.5);
  draw.remove_strangers = draw.verify && random.chance(0.2);
  draw.oauth = random.chance(0.4);
  draw.others = random.chance(0.15);
  draw.rate_share = random.one_of(std::array{50, 80, 100});
  draw.resolve = random.one_of(std::array{"auto", "read_first", "create_first"});
  draw.faults = random.chance(0.15) ? 0.0 : 0.01 * static_cast<double>(random.pick(1, 25));
  draw.events_in_runs = random.chance(0.3) ? 0.02 : 0.0;
  draw.days = static_cast<int>(random.pick(2, 5));
  // Some cross what a batch of contacts holds, and a page of a list.
  const bool many = random.chance(0.02);
  draw.people = static_cast<int>(many ? random.pick(150, 400) : random.pick(1, 60));
  if (random.chance(0.3)) {
    draw.max_batch = static_cast<std::uint32_t>(many ? random.pick(20, 150) : random.pick(1, 20));
  }
  if (random.chance(0.2))
    draw.membership_chunk = random.pick_signed(many ? 10 : 1, many ? 150 : 20);
  switches.burst_limit = random.chance(0.5) ? random.pick_signed(3, 20) : 0;
  switches.conflict_ids = random.one_of(std::array{"context", "message", "none"});
  switches.additional_emails_match_read = random.chance(0.7);
  switches.merged_ids_in_properties = random.chance(0.7);
  switches.merge_keeps_primary_id = random.chance(0.3);
  switches.omit_empty_arrays = random.chance(0.5);
  switches.spell_record_ids_added = random.chance(0.5);
  switches.merged_ids_are_missing = random.chance(0.7);
  switches.membership_lag_ms = random.chance(0.2) ? random.pick_signed(1, 9'000) : 0;
  if (random.chance(0.4)) {
    switches.largest_membership_page = random.pick_signed(many ? 20 : 1, many ? 250 : 50);
  }
  switches.retry_after = random.chance(0.5);
  if (random.chance(0.2)) switches.largest_membership_write = random.pick_signed(1, 20);
  if (random.chance(0.1)) switches.required_on_create = {"firstname"};
  switches.date_header = random.chance(0.8);
  draw.properties = random.chance(0.3);
  draw.on_list_deleted = random.one_of(std::array{"recreate", "recreate", "restore", "stop"});
  if (random.chance(0.3)) draw.max_removals = static_cast<int>(random.pick(5, 60));
  switches.rotate_refresh_tokens = random.chance(0.5);
  switches.traces_isolate = random.chance(0.8);
  switches.create_conflict_rejects_batch = random.chance(0.2);
  if (random.chance(0.3)) switches.search_lag_ms = random.pick_signed(1, 60'000);
  if (random.chance(0.15)) switches.daily_limit = random.pick_signed(many ? 300 : 60, 600);
  return draw;
}

std::string configuration(const Draw& draw) {
  const auto* auth = draw.oauth ? "{client_id: {file: client}, client_secret: {file: secret}}"
                                : "{token: {file: token}}";
  const auto guard =
      draw.max_removals ? fmt::format("{{max_removals: {}%}}", *draw.max_removals) : "off";
  return fmt::format(
      "version: 1\n"
      "connections:\n"
      "  c:\n"
      "    destination: hubspot\n"
      "    auth: {}\n"
      "    rate_share: {}%\n"
      "    settings: {{api_base: \"http://127.0.0.1:1\", app_base: \"http://127.0.0.1:1\", "
      "resolve: "
      "{}, membership_chunk: {}}}\n"
      "syncs:\n"
      "  s:\n"
      "    cohort: Power Users\n"
      "    source: {{csv: cohort.csv}}\n"
      "    connection: c\n"
      "    identifier: {{column: who, as: {}}}\n"
      "    verify: {}\n"
      "    on_drift: {}\n"
      "    remove_strangers: {}\n"
      "    on_list_deleted: {}\n"
      "    guard: {}\n"
      "    retry_for: 60s\n"
      "{}{}",
      auth, draw.rate_share, draw.resolve, draw.membership_chunk,
      draw.by_email ? "email" : "contact_id", draw.verify, draw.repair ? "repair" : "report",
      draw.remove_strangers, draw.on_list_deleted, guard,
      draw.by_email ? fmt::format("    create_missing: {}\n", draw.create_missing) : "",
      draw.properties ? "    properties: {works_at: company}\n" : "");
}

}  // namespace muster::simulation
