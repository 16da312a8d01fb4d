#include "simulation/around.hpp"

#include <algorithm>

namespace muster::simulation {
namespace {

class Around final : public Destination {
 public:
  Around(Mutation mutation, std::unique_ptr<Destination> inner)
      : mutation_(mutation), inner_(std::move(inner)) {}

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
    auto changed = header;
    if (mutation_ == Mutation::kCreatesUnasked) changed.create_missing = true;
    if (mutation_ == Mutation::kUpdateBelieved && are_updates(operations)) {
      return believe(operations);
    }
    if (mutation_ == Mutation::kLeaverForgotten) return forget_leavers(changed, operations, events);
    auto result = mutation_ == Mutation::kRemovesFirst ? remove_first(changed, operations, events)
                                                       : inner_->sync(changed, operations, events);
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
    if (mutation_ == Mutation::kDoubleReport) report_again(result);
    if (mutation_ == Mutation::kRetryDropped) result.failure.reset();
    return result;
  }
  void uninstall() override { inner_->uninstall(); }
  bool supports(std::string_view extension) const override { return inner_->supports(extension); }
  void read_back(std::string_view ref, std::string_view cursor, const RecordPage& page) override {
    inner_->read_back(ref, cursor, page);
  }
  std::vector<std::string> look_up(std::string_view kind,
                                   std::span<const std::string_view> identifiers) override {
    return inner_->look_up(kind, identifiers);
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
    if (adds == 0 || adds == operations.size()) return inner_->sync(header, operations, events);
    const auto removed = inner_->sync(header, operations.subspan(adds), events);
    auto result = inner_->sync(header, operations.first(adds), events);
    result.outcomes.insert(result.outcomes.end(), removed.outcomes.begin(), removed.outcomes.end());
    return result;
  }

  //! As a plugin that sends no removals.
  SyncResult forget_leavers(const SyncHeader& header, std::span<const Operation> operations,
                            const AudienceEvents& events) {
    const auto adds = adds_of(operations);
    auto result = adds == 0 ? SyncResult{} : inner_->sync(header, operations.first(adds), events);
    result.outcomes.resize(operations.size());
    for (auto i = adds; i < operations.size(); ++i) {
      result.outcomes[i].kind = OutcomeKind::kApplied;
    }
    return result;
  }

  //! As a plugin that tells "applied" of everyone once it has told the truth.
  static void report_again(SyncResult& result) {
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
    if (!again.empty()) inner_->sync(known, again, unasked);
  }

  Mutation mutation_;
  std::unique_ptr<Destination> inner_;
};

}  // namespace

std::unique_ptr<Destination> with_bug(Mutation mutation, std::unique_ptr<Destination> inner) {
  return std::make_unique<Around>(mutation, std::move(inner));
}

}  // namespace muster::simulation
