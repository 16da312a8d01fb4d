// One batch handed to a plugin: the C structs of its operations, and the sink that takes exactly
// one outcome for each (ABI-10). Lives for one call, on its thread: the sink is for no other.
#pragma once

#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "destination/call.hpp"
#include "destination/destination.hpp"

namespace muster {

class SyncCall {
 public:
  SyncCall(const Descriptor& descriptor, const SyncHeader& header,
           std::span<const Operation> operations, const AudienceEvents& events,
           std::mutex& run_state);
  SyncCall(const SyncCall&) = delete;
  SyncCall& operator=(const SyncCall&) = delete;

  const muster_sync_request& request() const noexcept { return request_; }
  const muster_sync_sink& sink() const noexcept { return sink_; }
  const Callbacks& callbacks() const noexcept { return callbacks_; }
  std::vector<Outcome> take_outcomes() { return std::move(outcomes_); }
  //! How often the plugin broke the contract: refused and missing reports.
  std::size_t faults() const noexcept { return faults_; }
  std::size_t unreported() const noexcept;
  //! Whether members were reported as added although there was no audience.
  bool added_to_nothing() const noexcept { return added_to_nothing_; }
  //! What the operations name: identifiers, and records where they are known.
  std::vector<std::string_view> identifiers() const;

 private:
  static muster_status report(void* context, std::size_t index,
                              const muster_outcome* outcome) noexcept;
  static muster_status audience(void* context, const muster_audience* audience) noexcept;
  static muster_status resolved(void* context, const std::size_t* indices,
                                const muster_text* record_ids, std::size_t count) noexcept;
  template <class Keep>
  muster_status take_over(Keep&& keep) noexcept;
  bool keep_resolved(const std::size_t* indices, const muster_text* record_ids, std::size_t count);
  bool keep_audience(const muster_audience* audience);
  bool take(std::size_t index, const muster_outcome& outcome);

  const Descriptor& descriptor_;
  std::span<const Operation> operations_;
  const AudienceEvents& events_;
  std::vector<muster_text> property_names_;
  std::vector<muster_text> property_columns_;
  std::vector<std::vector<muster_text>> properties_;
  std::vector<muster_operation> c_operations_;
  std::vector<Outcome> outcomes_;
  std::vector<bool> reported_;
  Callbacks callbacks_;
  std::size_t faults_ = 0;
  bool has_audience_;
  bool added_to_nothing_ = false;
  muster_sync_request request_{};
  muster_sync_sink sink_{};
};

}  // namespace muster
