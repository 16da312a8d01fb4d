// Any answers of HubSpot's to the plugin, over the host's own services: each operation gets one
// outcome, each call ends, and nothing but an Error comes out of it.
#include <cstdint>

#include "base/cancellation.hpp"
#include "destination/plugin_destination.hpp"
#include "fuzz/scripted_transport.hpp"
#include "muster/destination.h"
#include "support/memory_secrets.hpp"

namespace {

using namespace muster;
using fuzz::expect;

constexpr const char* kBase = "http://127.0.0.1:1";

std::shared_ptr<const Plugin> plugin() {
  static const auto loaded = [] {
    Manifest manifest;
    manifest.id = "hubspot";
    return negotiate(manifest, &muster_destination_entry);
  }();
  return loaded;
}

void sync(Destination& destination, fuzz::Bytes& script) {
  SyncHeader header;
  const bool by_email = script.byte() % 4 != 0;
  header.kind = by_email ? "email" : "contact_id";
  header.cohort = "Cohort";
  header.audience_name = "amplitude_Cohort";
  const auto how = script.byte();
  if (how % 2 == 0) header.audience_ref = header.audience_known_as = "9";
  header.create_missing = by_email && how / 2 % 2 == 0;
  header.creation_begun = how / 4 % 4 == 3;
  header.adopt = how / 16 % 4 == 3;
  if (how / 64 == 3) header.property_names = {"firstname", "score"};
  std::vector<Operation> operations;
  for (int i = 0; i < 4; ++i) {
    const auto number = std::to_string(i + 1);
    const auto kind = script.byte();
    auto& operation = operations.emplace_back();
    operation.kind = kind % 3 == 0   ? OperationKind::kRemove
                     : kind % 7 == 1 ? OperationKind::kUpdate
                                     : OperationKind::kAdd;
    operation.must_exist = kind / 32 == 5;
    operation.identifier = by_email ? "p" + number + "@x.com" : "17" + number;
    if (script.byte() % 3 == 0) operation.record_id = "17" + number;
    for (std::size_t p = 0; p < header.property_names.size(); ++p) {
      operation.properties.emplace_back(script.text(script.byte() % 8U));
    }
  }
  const AudienceEvents events{
      [](std::string_view) {}, [](std::string_view ref, std::string_view) { expect(!ref.empty()); },
      [](std::string_view ref, std::string_view) { expect(!ref.empty()); }, [](std::string_view) {},
      [&](std::span<const ResolvedRecord> records) {
        for (const auto& record : records) {
          expect(record.index < operations.size() && !record.record_id.empty());
        }
      }};
  const auto result = destination.sync(header, operations, events);
  expect(result.outcomes.size() == operations.size());
}

void call(Destination& destination, fuzz::Bytes& script) {
  const std::string_view asked[] = {"a@x.com", "b@x.com"};
  switch (script.byte() % 12) {
    case 0:
      destination.check();
      return;
    case 1:
      destination.read_back("9", {}, [](std::span<const std::string_view>, std::string_view) {});
      return;
    case 2:
      expect(destination.look_up("email", asked).size() == 2);
      return;
    case 3:
      destination.change_audience(script.byte() % 5, "9", "other");
      return;
    case 4:
      destination.complete_authorization(kBase, "code", "verifier");
      return;
    case 5:
      destination.revoke();
      return;
    case 6:
      destination.uninstall();
      return;
    default:
      sync(destination, script);
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes script(data, size);
  VirtualClock clock;
  Cancellation cancellation;
  testing::MemorySecrets secrets;
  fuzz::ScriptedTransport transport(script, clock);
  ConnectionLimits limits;
  limits.loopback_bases = {kBase};
  std::map<std::string, std::string> settings{{"api_base", kBase}};
  const auto how = script.byte();
  if (how % 2 == 0) {
    settings["auth.token"] = "pat-na1-fuzz";
  } else {
    settings["auth.client_id"] = settings["auth.client_secret"] = "fuzz";
    secrets.values = {{"refresh_token", "r"}, {"access_token", "a"}, {"expires_at_ms", "1"}};
  }
  constexpr const char* kStrategies[] = {"auto", "read_first", "create_first", "auto"};
  settings["resolve"] = kStrategies[how / 2 % 4];
  auto services = std::make_unique<HostServices>(
      HostServices::Environment{"fuzz", clock, transport, secrets, cancellation, limits, nullptr});
  auto& limits_of_time = *services;
  PluginDestination destination(plugin(), std::move(services), settings);
  for (int i = 0; i < 3 && !script.spent(); ++i) {
    // HubSpot may ask for a day of patience: a call ends before.
    limits_of_time.set_deadline(clock.elapsed() + std::chrono::minutes{1});
    try {
      call(destination, script);
    } catch (const Error&) {
    }
  }
  return 0;
}
