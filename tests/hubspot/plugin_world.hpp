// The HubSpot plugin, as the host loads it, over a simulated account: in process, in virtual time.
// One connection with a static token, one list; a test drives the hooks and reads the account.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/cancellation.hpp"
#include "destination/pacing.hpp"
#include "destination/plugin_destination.hpp"
#include "destination/plugin_registry.hpp"
#include "simulator/hubspot.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/memory_secrets.hpp"

namespace muster::testing {

inline constexpr const char* kPluginToken = "pat-na1-simulated";

class PluginWorld {
 public:
  using Settings = std::map<std::string, std::string>;

  explicit PluginWorld(Settings settings = {}, Milliseconds latency = Milliseconds{20})
      : transport(
            clock,
            [this](const simulator::SimRequest& request) {
              if (before_request) before_request(request);
              auto response = hubspot.handle(request);
              if (after_response) after_response(request, response);
              return response;
            },
            latency),
        settings_(std::move(settings)) {
    settings_.try_emplace("api_base", "http://127.0.0.1:1");
    if (!settings_.contains("auth.client_id")) settings_.try_emplace("auth.token", kPluginToken);
    hubspot.oauth().add_static_token(kPluginToken, hubspot.oauth().app().scopes);
    hubspot.switches().burst_limit = 0;
    header.kind = "email";
    header.cohort = "Power Users";
    header.audience_name = "amplitude_Power Users";
    header.create_missing = true;
    start();
  }

  //! A new instance, as a new run has one: it knows what the secrets hold, no more.
  void start(double rate_share = 1.0) {
    destination_.reset();
    ConnectionLimits limits;
    limits.loopback_bases = {settings_["api_base"]};
    limits.rate_share = rate_share;
    pacer = std::make_shared<Pacer>(rate_share);
    destination_ = std::make_unique<PluginDestination>(
        plugin(),
        std::make_unique<HostServices>(HostServices::Environment{"test", clock, transport, secrets,
                                                                 cancellation, limits, pacer}),
        settings_);
  }

  Destination& destination() { return *destination_; }
  simulator::Account& account() { return hubspot.account(); }

  //! A contact of the account; its id.
  std::string contact(const std::string& email) {
    return std::to_string(hubspot.account().create(email).id);
  }

  static Operation add(const std::string& identifier) {
    return {OperationKind::kAdd, false, identifier, {}, {}};
  }
  static Operation add_record(const std::string& record_id, const std::string& email = {}) {
    return {OperationKind::kAdd, false, email, record_id, {}};
  }
  static Operation remove_record(const std::string& record_id) {
    return {OperationKind::kRemove, false, {}, record_id, {}};
  }
  static std::vector<Operation> adds(const std::vector<std::string>& identifiers) {
    std::vector<Operation> operations;
    for (const auto& identifier : identifiers) operations.push_back(add(identifier));
    return operations;
  }
  //! person0@example.com …
  static std::vector<std::string> people(std::size_t count, const std::string& word = "person") {
    std::vector<std::string> emails;
    for (std::size_t i = 0; i < count; ++i)
      emails.push_back(fmt::format("{}{}@example.com", word, i));
    return emails;
  }

  //! One batch; the header remembers the list as the host would.
  Destination::SyncResult sync(const std::vector<Operation>& operations) {
    AudienceEvents events;
    events.creating = [this](std::string_view name) { announced.emplace_back(name); };
    events.ready = [this](std::string_view ref, std::string_view name) {
      header.audience_ref = ref;
      header.audience_known_as = name;
    };
    events.resolved = resolved;
    return destination_->sync(header, operations, events);
  }

  //! The list's members by id; empty without a list.
  std::vector<std::string> members() {
    std::vector<std::string> ids;
    if (header.audience_ref.empty()) return ids;
    const auto* list = hubspot.account().list(std::stoull(header.audience_ref));
    if (list == nullptr) return ids;
    for (const auto& [id, joined] : list->members) ids.push_back(std::to_string(id));
    return ids;
  }

  //! How often outcomes of a kind are among the results.
  static std::size_t count(const Destination::SyncResult& result, OutcomeKind kind) {
    return static_cast<std::size_t>(
        std::count_if(result.outcomes.begin(), result.outcomes.end(),
                      [&](const Outcome& outcome) { return outcome.kind == kind; }));
  }

  VirtualClock clock;
  Cancellation cancellation;
  MemorySecrets secrets;
  simulator::HubSpot hubspot{clock};
  std::function<void(const simulator::SimRequest&)> before_request;
  //! May change what HubSpot answers.
  std::function<void(const simulator::SimRequest&, simulator::SimResponse&)> after_response;
  simulator::SimulatedTransport transport;
  std::shared_ptr<Pacer> pacer;
  SyncHeader header;
  std::function<void(std::span<const ResolvedRecord>)> resolved;
  std::vector<std::string> announced;  //!< names of lists about to be made

 private:
  static std::shared_ptr<const Plugin> plugin() {
    static const PluginRegistry registry(PluginSearch{
        {MUSTER_TEST_INSTALLATION "/manifests"}, MUSTER_TEST_INSTALLATION "/plugins", {}});
    return registry.require("hubspot").plugin;
  }

  Settings settings_;
  std::unique_ptr<Destination> destination_;
};

}  // namespace muster::testing
