#include "simulation/fault_draw.hpp"

#include <array>

namespace muster::simulation {
namespace {

using simulator::Fault;

Fault of_kind(const char* kind) {
  Fault fault;
  fault.kind = kind;
  return fault;
}

Fault of_status(int status) {
  Fault fault;
  fault.status = status;
  return fault;
}

Fault too_many(Random& random) {
  auto fault = of_status(429);
  fault.policy = random.one_of(std::array{"TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"});
  fault.retry_after_s = random.chance(0.5) ? random.pick_signed(0, 20) : -1;
  return fault;
}

Fault migrating(Random& random) {
  auto fault = of_status(477);
  fault.retry_after_s = random.pick_signed(1, 3600);
  return fault;
}

Fault server_trouble(Random& random) {
  auto fault =
      of_status(random.one_of(std::array{408, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526}));
  fault.applied = random.chance(0.5);
  return fault;
}

}  // namespace

std::optional<Fault> draw_fault(Random& random, const Draw& draw,
                                const simulator::SimRequest& request) {
  if (!random.chance(draw.faults)) return std::nullopt;
  const auto path = request.path();
  const bool of_oauth = path.find("/oauth/") != std::string::npos;
  const bool by_name = path.find("/name/") != std::string::npos;
  // Without a read-back nobody can learn of it.
  const bool removes = draw.verify && path.find("/add-and-remove") != std::string::npos &&
                       request.body.find("\"recordIdsToRemove\":[\"") != std::string::npos;
  // Removals are few: a lie about one must not be as rare as the others.
  if (removes && random.chance(0.25)) {
    auto fault = of_kind("keep_member");
    fault.status = static_cast<int>(random.pick(1, 3));
    return fault;
  }
  switch (random.pick(0, 15)) {
    case 0: {
      auto fault = of_kind("reset");
      fault.applied = true;
      return fault;
    }
    case 1:
      return of_kind("reset");
    case 2:
      return of_kind("refused");
    case 3:
      return of_kind("truncated");
    case 4:
      return of_kind("empty_results");
    case 5:
      return too_many(random);
    case 6:
      return of_status(423);
    case 7:
      return migrating(random);
    case 8:
    case 9:
      return server_trouble(random);
    case 10: {
      auto fault = of_kind("slow");
      fault.delay_ms = random.pick_signed(1, 90'000);
      return fault;
    }
    case 11: {
      auto fault = of_kind("drop_member");
      fault.status = static_cast<int>(random.pick(1, 3));
      return fault;
    }
    case 12: {
      auto fault = of_kind("lose_entries");
      fault.status = static_cast<int>(random.pick(1, 3));
      return fault;
    }
    case 13:
      // A refused token of OAuth is refreshed once; a static one can't be.
      return draw.oauth && !of_oauth ? of_kind("unauthorized") : of_status(503);
    case 14:
      return of_status(random.one_of(std::array{400, 403, 409, 413, 414}));
    default:
      return by_name ? of_status(404) : of_status(503);  // a look by name that lags
  }
}

}  // namespace muster::simulation
