#include "simulation/around.hpp"

#include <algorithm>

#include "support/forwarding_destination.hpp"

namespace muster::simulation {
namespace {

class Around final : public testing::ForwardingDestination {
 public:
  Around(Mutation mutation, std::uint32_t max_batch, std::unique_ptr<Destination> inner)
      : ForwardingDestination(std::move(inner)),
        mutation_(mutation),
        descriptor_(ForwardingDestination::descriptor()) {
    descriptor_.max_batch = std::min(descriptor_.max_batch, max_batch);
  }

  const Descriptor& descriptor() const override { return descriptor_; }
  SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                  const AudienceEvents& events) override {
    auto changed = header;
    if (mutation_ == Mutation::kCreatesUnasked) changed.create_missing = true;
    if (mutation_ == Mutation::kUpdateBelieved && are_updates(operations)) {
      return believe(operations);
    }
    if (mutation_ == Mutation::kLeaverForgotten) return forget_leavers(changed, operations, events);
    const bool tries_again = header.audience_ref.empty() && header.creation_begun;
    if (mutation_ == Mutation::kAnotherList && tries_again) changed.audience_name += " again";
    auto result = mutation_ == Mutation::kRemovesFirst ? remove_first(changed, operations, events)
                                                       : inner().sync(changed, operations, events);
    if (mutation_ == Mutation::kCreatesTwice) create_again(changed, operations, events);
    for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
      auto& outcome = result.outcomes[i];
      const bool open =
          outcome.kind == OutcomeKind::kRetry || outcome.kind == OutcomeKind::kInDoubt;
      if (mutation_ == Mutation::kRetryDropped && open) {
        outcome.kind = OutcomeKind::kApplied;
        if (outcome.record_id.empty()) outcome.record_id = "1";
      }
      if (mutation_ == Mutation::kIdentifierInState && outcome.kind == OutcomeKind::kRejected) {
        outcome.detail = operations[i].identifier;
      }
    }
    if (mutation_ == Mutation::kRefusalBelieved) believe_refused(result);
    if (mutation_ == Mutation::kRetryDropped) result.failure.reset();
    const bool is_gone = result.failure && result.failure->status() == MUSTER_AUDIENCE_GONE;
    if (mutation_ == Mutation::kDeletionUnnoticed && is_gone) return believe(operations);
    return result;
  }
  void read_back(std::string_view ref, std::string_view cursor, const RecordPage& page) override {
    try {
      inner().read_back(ref, cursor, page);
    } catch (const DestinationError& error) {
      const bool is_gone = error.status() == MUSTER_AUDIENCE_GONE;
      if (mutation_ != Mutation::kDeletionUnnoticed || !is_gone) throw;
      page({}, {});
    }
  }

 private:
  static bool are_updates(std::span<const Operation> operations) {
    return std::all_of(operations.begin(), operations.end(), [](const Operation& operation) {
      return operation.kind == OperationKind::kUpdate;
    });
  }
  static SyncResult believe(std::span<const Operation> operations) {
    SyncResult result;
    for (const auto& operation : operations) {
      Outcome outcome;
      outcome.kind = OutcomeKind::kApplied;
      outcome.record_id = operation.record_id;
      result.outcomes.push_back(std::move(outcome));
    }
    return result;
  }

  //! Removals stand behind the adds of a batch.
  static std::size_t adds_of(std::span<const Operation> operations) {
    return static_cast<std::size_t>(std::count_if(
        operations.begin(), operations.end(),
        [](const Operation& operation) { return operation.kind != OperationKind::kRemove; }));
  }

  SyncResult remove_first(const SyncHeader& header, std::span<const Operation> operations,
                          const AudienceEvents& events) {
    const auto adds = adds_of(operations);
    if (adds == 0 || adds == operations.size()) return inner().sync(header, operations, events);
    const auto removed = inner().sync(header, operations.subspan(adds), events);
    auto result = inner().sync(header, operations.first(adds), events);
    result.outcomes.insert(result.outcomes.end(), removed.outcomes.begin(), removed.outcomes.end());
    return result;
  }

  //! As a plugin that sends no removals.
  SyncResult forget_leavers(const SyncHeader& header, std::span<const Operation> operations,
                            const AudienceEvents& events) {
    const auto adds = adds_of(operations);
    auto result = adds == 0 ? SyncResult{} : inner().sync(header, operations.first(adds), events);
    result.outcomes.resize(operations.size());
    for (auto i = adds; i < operations.size(); ++i) {
      result.outcomes[i].kind = OutcomeKind::kApplied;
    }
    return result;
  }

  static void believe_refused(SyncResult& result) {
    for (auto& outcome : result.outcomes) {
      if (outcome.kind != OutcomeKind::kNotFound && outcome.kind != OutcomeKind::kRejected)
        continue;
      outcome.kind = OutcomeKind::kApplied;
      if (outcome.record_id.empty()) outcome.record_id = "1";
    }
  }

  //! As a plugin that spells an address in two ways.
  void create_again(const SyncHeader& header, std::span<const Operation> operations,
                    const AudienceEvents& events) {
    auto known = header;
    known.creation_begun = true;
    std::vector<Operation> again;
    for (const auto& operation : operations) {
      const bool adds = operation.kind == OperationKind::kAdd && operation.record_id.empty();
      if (!adds || operation.identifier.find('@') == std::string::npos) continue;
      again.push_back(operation);
      again.back().identifier = "x" + operation.identifier;
    }
    auto unasked = events;
    unasked.resolved = {};  // their indices would be other operations'
    if (!again.empty()) inner().sync(known, again, unasked);
  }

  const Mutation mutation_;
  Descriptor descriptor_;
};

}  // namespace

std::unique_ptr<Destination> around(std::unique_ptr<Destination> inner, std::uint32_t max_batch,
                                    Mutation mutation) {
  return std::make_unique<Around>(mutation, max_batch, std::move(inner));
}

}  // namespace muster::simulation
