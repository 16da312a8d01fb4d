// A destination that answers all with nothing: the base of those that a test needs one answer of.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.hpp"

namespace muster::testing {

class IdleDestination : public Destination {
 public:
  const Descriptor& descriptor() const override { return descriptor_; }
  std::string begin_authorization(std::string_view, std::string_view, std::string_view) override {
    return {};
  }
  Account complete_authorization(std::string_view, std::string_view, std::string_view) override {
    return {};
  }
  Account check() override { return {}; }
  void revoke() override {}
  std::vector<MappedIdentifier> map_identifiers(std::string_view,
                                                std::span<const std::string_view>) const override {
    return {};
  }
  SyncResult sync(const SyncHeader&, std::span<const Operation>, const AudienceEvents&) override {
    return {};
  }
  void uninstall() override {}
  bool supports(std::string_view) const override { return false; }
  void read_back(std::string_view, std::string_view, const RecordPage&) override {}
  std::vector<std::string> look_up(std::string_view, std::span<const std::string_view>,
                                   std::vector<std::size_t>* = nullptr) override {
    return {};
  }
  void change_audience(std::int32_t, std::string_view, std::string_view) override {}
  CallEstimate estimate(const EstimateRequest&) override { return {}; }
  void set_heartbeat(std::function<void()>) override {}
  Usage usage() const override { return {}; }

 private:
  Descriptor descriptor_;
};

}  // namespace muster::testing
