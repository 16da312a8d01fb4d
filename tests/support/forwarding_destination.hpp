// A destination around another one: a test overrides what it wants to see or to change.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "destination/destination.hpp"

namespace muster::testing {

class ForwardingDestination : public Destination {
 public:
  explicit ForwardingDestination(std::unique_ptr<Destination> inner) : inner_(std::move(inner)) {}

  const Descriptor& descriptor() const override { return inner_->descriptor(); }
  std::string begin_authorization(std::string_view redirect, std::string_view state,
                                  std::string_view challenge) override {
    return inner_->begin_authorization(redirect, state, challenge);
  }
  Account complete_authorization(std::string_view redirect, std::string_view code,
                                 std::string_view verifier) override {
    return inner_->complete_authorization(redirect, code, verifier);
  }
  Account check() override { return inner_->check(); }
  void revoke() override { inner_->revoke(); }
  std::vector<MappedIdentifier> map_identifiers(
      std::string_view kind, std::span<const std::string_view> values) const override {
    return inner_->map_identifiers(kind, values);
  }
  SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                  const AudienceEvents& events) override {
    return inner_->sync(header, operations, events);
  }
  void uninstall() override { inner_->uninstall(); }
  bool supports(std::string_view extension) const override { return inner_->supports(extension); }
  void read_back(std::string_view ref, std::string_view cursor, const RecordPage& page) override {
    inner_->read_back(ref, cursor, page);
  }
  std::vector<std::string> look_up(std::string_view kind,
                                   std::span<const std::string_view> identifiers,
                                   std::vector<std::size_t>* refused = nullptr) override {
    return inner_->look_up(kind, identifiers, refused);
  }
  void change_audience(std::int32_t action, std::string_view ref, std::string_view name) override {
    inner_->change_audience(action, ref, name);
  }
  CallEstimate estimate(const EstimateRequest& request) override {
    return inner_->estimate(request);
  }
  void set_heartbeat(std::function<void()> beat) override {
    inner_->set_heartbeat(std::move(beat));
  }
  Usage usage() const override { return inner_->usage(); }

 protected:
  Destination& inner() { return *inner_; }

 private:
  std::unique_ptr<Destination> inner_;
};

}  // namespace muster::testing
