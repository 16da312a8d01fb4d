// One batch handed to a plugin: the C structs of its operations, and the sink that takes exactly
// one outcome for each (ABI-10). Lives for one call, on its thread.
#pragma once

#include <exception>
#include <span>
#include <vector>

#include "destination/destination.hpp"

namespace muster {

class SyncCall {
 public:
  SyncCall(const Descriptor& descriptor, const SyncHeader& header,
           std::span<const Operation> operations, const AudienceEvents& events);
  SyncCall(const SyncCall&) = delete;
  SyncCall& operator=(const SyncCall&) = delete;

  const muster_sync_request& request() const noexcept { return request_; }
  const muster_sync_sink& sink() const noexcept { return sink_; }
  //! What a callback of ours threw while the plugin ran.
  const std::exception_ptr& thrown() const noexcept { return thrown_; }
  std::vector<Outcome> take_outcomes() { return std::move(outcomes_); }
  //! How often the plugin broke the contract: refused and missing reports.
  std::size_t faults() const noexcept { return faults_; }
  std::size_t unreported() const noexcept;

 private:
  static muster_status report(void* context, std::size_t index,
                              const muster_outcome* outcome) noexcept;
  static muster_status audience(void* context, const muster_audience* audience) noexcept;
  static muster_status resolved(void* context, const std::size_t* indices,
                                const muster_text* record_ids, std::size_t count) noexcept;
  bool take(std::size_t index, const muster_outcome& outcome);
  std::string known_reason(muster_text reason) const;

  const Descriptor& descriptor_;
  std::span<const Operation> operations_;
  const AudienceEvents& events_;
  std::vector<muster_text> property_names_;
  std::vector<std::vector<muster_text>> properties_;
  std::vector<muster_operation> c_operations_;
  std::vector<Outcome> outcomes_;
  std::vector<bool> reported_;
  std::exception_ptr thrown_;
  std::size_t faults_ = 0;
  muster_sync_request request_{};
  muster_sync_sink sink_{};
};

}  // namespace muster
