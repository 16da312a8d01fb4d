#include "destination/sync_call.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "destination/call.hpp"
#include "destination/text.hpp"

namespace muster {
namespace {

constexpr std::size_t kLongestDetail = 256;
// Of a plugin's text so much is looked at.
constexpr std::size_t kLongestText = 4'096;

//! Cut once it is safe: half a secret, or half an identifier, would not be known again.
std::string detail_of(std::string_view text, std::span<const std::string_view> in_hand) {
  auto detail = text.size() > kLongestText ? told_cut(text.substr(0, kLongestText), in_hand)
                                           : told(text, in_hand);
  if (detail.size() <= kLongestDetail) return detail;
  auto size = kLongestDetail;
  while ((static_cast<unsigned char>(detail[size]) & 0xC0U) == 0x80U) --size;
  detail.resize(size);
  return detail;
}

std::vector<muster_text> texts(const std::vector<std::string>& strings) {
  std::vector<muster_text> views;
  views.reserve(strings.size());
  for (const auto& string : strings) views.push_back(to_text(string));
  return views;
}

bool is_known(std::int32_t kind) { return kind >= MUSTER_APPLIED && kind <= MUSTER_SKIPPED; }

}  // namespace

SyncCall::SyncCall(const Descriptor& descriptor, const SyncHeader& header,
                   std::span<const Operation> operations, const AudienceEvents& events,
                   std::mutex& run_state)
    : descriptor_(descriptor),
      operations_(operations),
      events_(events),
      property_names_(texts(header.property_names)),
      property_columns_(texts(header.property_columns)),
      outcomes_(operations.size()),
      reported_(operations.size(), false),
      callbacks_(run_state),
      has_audience_(!header.audience_ref.empty()) {
  c_operations_.reserve(operations.size());
  properties_.reserve(operations.size());
  for (const auto& operation : operations) {
    properties_.push_back(texts(operation.properties));
    c_operations_.push_back({sizeof(muster_operation), static_cast<std::int32_t>(operation.kind),
                             operation.must_exist ? std::uint32_t{MUSTER_OPERATION_MUST_EXIST} : 0U,
                             static_cast<std::uint32_t>(operation.properties.size()),
                             to_text(operation.identifier), to_text(operation.record_id),
                             properties_.back().data()});
  }
  request_ = {
      sizeof(muster_sync_request),
      (header.create_missing ? std::uint32_t{MUSTER_SYNC_CREATE_MISSING} : 0U) |
          (header.creation_begun ? std::uint32_t{MUSTER_SYNC_CREATION_BEGUN} : 0U) |
          (header.adopt ? std::uint32_t{MUSTER_SYNC_ADOPT} : 0U),
      to_text(header.kind),
      to_text(header.cohort),
      to_text(header.audience_name),
      to_text(header.audience_ref),
      to_text(header.audience_known_as),
      property_names_.data(),
      property_names_.size(),
      c_operations_.data(),
      c_operations_.size(),
      sizeof(muster_operation),
      property_columns_.size() == property_names_.size() ? property_columns_.data() : nullptr};
  sink_ = {sizeof(muster_sync_sink), 0, this, &report, &audience, &resolved};
}

std::size_t SyncCall::unreported() const noexcept {
  return static_cast<std::size_t>(std::count(reported_.begin(), reported_.end(), false));
}

std::vector<std::string_view> SyncCall::identifiers() const {
  std::vector<std::string_view> identifiers;
  identifiers.reserve(2 * operations_.size());
  for (const auto& operation : operations_) {
    identifiers.emplace_back(operation.identifier);
    identifiers.emplace_back(operation.record_id);
  }
  return identifiers;
}

muster_status SyncCall::report(void* context, std::size_t index,
                               const muster_outcome* outcome) noexcept {
  auto& call = *static_cast<SyncCall*>(context);
  bool taken = false;
  call.callbacks_.run_even_after_throw([&] {
    const bool sane =
        outcome != nullptr && outcome->struct_size >= MUSTER_SIZE_UP_TO(muster_outcome, detail) &&
        index < call.outcomes_.size() && !call.reported_[index] && is_known(outcome->kind);
    taken = sane && call.take(index, *outcome);
    if (!taken) ++call.faults_;
  });
  return taken ? MUSTER_OK : MUSTER_INVALID_ARGUMENT;
}

bool SyncCall::take(std::size_t index, const muster_outcome& outcome) {
  const auto record_id = view(outcome.record_id);
  if (!record_id.empty() && !is_record_id(record_id)) return false;
  Outcome taken;
  taken.kind = static_cast<OutcomeKind>(outcome.kind);
  taken.created = (outcome.flags & MUSTER_OUTCOME_CREATED) != 0;
  if (taken.created && taken.kind == OutcomeKind::kNotFound) {
    // What is not there was not made.
    ++faults_;
    taken.created = false;
  }
  taken.values_left_out = (outcome.flags & MUSTER_OUTCOME_VALUES_LEFT_OUT) != 0;
  if (outcome.retry_after_ms >= 0 && taken.kind == OutcomeKind::kRetry) {
    taken.retry_after = bounded_time(outcome.retry_after_ms);
  }
  taken.record_id = record_id;
  const auto& operation = operations_[index];
  const std::array<std::string_view, 2> in_hand{operation.identifier, operation.record_id};
  taken.detail = detail_of(view(outcome.detail), in_hand);
  if (taken.kind == OutcomeKind::kRejected) {
    taken.reason = known_reason(descriptor_.reasons, view(outcome.reason));
  }
  const bool done = taken.kind == OutcomeKind::kApplied || taken.kind == OutcomeKind::kUnchanged;
  const bool added = done && operation.kind == OperationKind::kAdd;
  added_to_nothing_ |= added && !has_audience_;
  if (added && (record_id.empty() || !has_audience_)) {
    // Nothing could be read back or removed without them: not a success.
    ++faults_;
    taken.kind = OutcomeKind::kInDoubt;
  }
  outcomes_[index] = std::move(taken);
  reported_[index] = true;
  return true;
}

muster_status SyncCall::resolved(void* context, const std::size_t* indices,
                                 const muster_text* record_ids, std::size_t count) noexcept {
  auto& call = *static_cast<SyncCall*>(context);
  return call.take_over([&] { return call.keep_resolved(indices, record_ids, count); });
}

muster_status SyncCall::audience(void* context, const muster_audience* audience) noexcept {
  auto& call = *static_cast<SyncCall*>(context);
  return call.take_over([&] { return call.keep_audience(audience); });
}

//! Runs `keep`, which says whether what the plugin told makes sense.
template <class Keep>
muster_status SyncCall::take_over(Keep&& keep) noexcept {
  bool sane = false;
  const bool written = callbacks_.run([&] {
    sane = keep();
    if (!sane) ++faults_;
  });
  if (!written) return MUSTER_INTERNAL;
  return sane ? MUSTER_OK : MUSTER_INVALID_ARGUMENT;
}

bool SyncCall::keep_resolved(const std::size_t* indices, const muster_text* record_ids,
                             std::size_t count) {
  if (count > operations_.size()) return false;
  if (count > 0 && (indices == nullptr || record_ids == nullptr)) return false;
  std::vector<ResolvedRecord> records;
  records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (indices[i] >= operations_.size() || !is_record_id(view(record_ids[i]))) return false;
    records.push_back({indices[i], view(record_ids[i])});
  }
  if (events_.resolved) events_.resolved(records);
  return true;
}

bool SyncCall::keep_audience(const muster_audience* audience) {
  const bool sane = audience != nullptr &&
                    audience->struct_size >= MUSTER_SIZE_UP_TO(muster_audience, name) &&
                    is_utf8(view(audience->name)) && is_utf8(view(audience->ref));
  if (!sane) return false;
  const auto name = view(audience->name);
  const auto ref = view(audience->ref);
  switch (audience->state) {
    case MUSTER_AUDIENCE_CREATING:
      events_.creating(name);
      return true;
    case MUSTER_AUDIENCE_NOT_CREATED:
      if (events_.not_created) events_.not_created(name);
      return true;
    case MUSTER_AUDIENCE_READY:
    case MUSTER_AUDIENCE_ADOPTED:
      break;
    default:
      return false;
  }
  if (ref.empty()) return false;
  const bool adopted = audience->state == MUSTER_AUDIENCE_ADOPTED && events_.adopted;
  (adopted ? events_.adopted : events_.ready)(ref, name);
  has_audience_ = true;
  return true;
}

}  // namespace muster
