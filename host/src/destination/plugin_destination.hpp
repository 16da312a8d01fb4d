// Destination over a plugin's table. Owns the instance and the services that it uses.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "destination/destination.hpp"
#include "destination/host_services.hpp"
#include "destination/plugin_library.hpp"

namespace muster {

class Callbacks;

class PluginDestination final : public Destination {
 public:
  //! Makes the instance; throws DestinationError (MUSTER_BAD_CONFIG names the key at fault).
  PluginDestination(std::shared_ptr<const Plugin> plugin, std::unique_ptr<HostServices> services,
                    const std::map<std::string, std::string>& settings);
  ~PluginDestination() override;

  const Descriptor& descriptor() const override { return plugin_->descriptor; }
  std::string begin_authorization(std::string_view redirect_uri, std::string_view state,
                                  std::string_view code_challenge) override;
  Account complete_authorization(std::string_view redirect_uri, std::string_view code,
                                 std::string_view code_verifier) override;
  Account check() override;
  void revoke() override;
  std::vector<MappedIdentifier> map_identifiers(
      std::string_view kind, std::span<const std::string_view> values) const override;
  SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                  const AudienceEvents& events) override;
  void uninstall() override;
  bool supports(std::string_view extension) const override;
  void read_back(std::string_view audience_ref, std::string_view cursor,
                 const RecordPage& page) override;
  std::vector<std::string> look_up(std::string_view kind,
                                   std::span<const std::string_view> identifiers,
                                   std::vector<std::size_t>* refused = nullptr) override;
  void change_audience(std::int32_t action, std::string_view audience_ref,
                       std::string_view name) override;
  CallEstimate estimate(const EstimateRequest& request) override;
  void set_heartbeat(std::function<void()> beat) override {
    services_->set_heartbeat(std::move(beat));
  }
  Usage usage() const override { return services_->usage(); }

 private:
  DestinationError look_up_refused() const;
  //! Runs a hook; throws what the host's own parts threw inside it, else DestinationError.
  template <class Hook>
  void call(const Callbacks& callbacks, Hook&& hook,
            std::span<const std::string_view> in_hand = {});
  template <class Hook>
  void call(Hook&& hook);
  template <class Table>
  const Table& extension(std::string_view id, std::size_t least_size) const;
  Account account_from(const muster_auth_request& request, std::string* url);

  std::shared_ptr<const Plugin> plugin_;
  std::unique_ptr<HostServices> services_;
  void* instance_ = nullptr;
};

}  // namespace muster
