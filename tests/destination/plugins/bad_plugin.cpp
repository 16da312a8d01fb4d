// One plugin in many bad variants: each is built with its fault switched on (LOAD-5, ABI-5,
// ABI-10). FAULT is one of the numbers below.
#include <cstring>
#include <stdexcept>

#include "muster/destination.hpp"

namespace {

enum Fault {
  kNone,
  kNullTable,
  kLevelOutOfRange,
  kTableTooShort,
  kMissingSync,
  kOtherId,
  kEmptyVersion,
  kNoBatch,
  kThrows,
  kReportsTwice,
  kReportsNothing,
  kReportsOutOfRange,
  kReportsUnset,
  kAppliedWithoutRecord,
  kMapsTwice,
  kMapsNothing,
  kBadKinds,
  kResolvesOutOfRange,
  kResolvesToNothing,
  kOfALaterHeader,  // no fault: its structs have grown
};
constexpr Fault kFault = FAULT;

muster_status create(const muster_host* host, const muster_settings*, void** instance,
                     muster_error*) noexcept {
  *instance = const_cast<muster_host*>(host);
  return MUSTER_OK;
}
void destroy(void*) noexcept {}
//! A struct as a later header may have it: larger, the first fields the same.
template <class Known>
struct Grown {
  Known known{};
  std::uint64_t later[4] = {1, 2, 3, 4};
};

muster_status authenticate(void*, const muster_auth_request*, const muster_auth_sink* sink,
                           muster_error*) noexcept {
  Grown<muster_account> grown;
  auto& account = grown.known;
  account.struct_size = kFault == kOfALaterHeader ? sizeof grown : sizeof account;
  account.id = muster::sdk::text("1");
  sink->account(sink->context, &account);
  return MUSTER_OK;
}
muster_status map_identifiers(void*, const muster_map_request* request, const muster_map_sink* sink,
                              muster_error*) noexcept {
  for (std::size_t i = 0; i < request->count && kFault != kMapsNothing; ++i) {
    sink->mapped(sink->context, i, request->values[i]);
    if (kFault == kMapsTwice) sink->mapped(sink->context, i, request->values[i]);
  }
  return MUSTER_OK;
}

class Thrower final : public muster::sdk::Destination {
 public:
  static constexpr muster_identifier_kind kKind{sizeof(muster_identifier_kind), 0,
                                                muster::sdk::text("id"), muster::sdk::text("id")};
  static constexpr muster::sdk::Descriptor kDescriptor{
      .id = "bad", .name = "Bad", .version = "1", .max_batch = 10, .kinds = {&kKind, 1}};
  Thrower(muster::sdk::Host, const muster::sdk::Settings&) {}
  void authenticate(const muster_auth_request&, const muster_auth_sink&) override { fail(); }
  void map_identifiers(const muster_map_request&, const muster_map_sink&) const override { fail(); }
  void sync(const muster_sync_request&, const muster_sync_sink&) override { fail(); }
  void uninstall() override { fail(); }

 private:
  static void fail() { throw std::runtime_error("someone@example.com"); }
};

muster_status sync(void*, const muster_sync_request* request, const muster_sync_sink* sink,
                   muster_error*) noexcept {
  Grown<muster_outcome> grown;
  auto& outcome = grown.known;
  outcome.struct_size = kFault == kOfALaterHeader ? sizeof grown : sizeof outcome;
  const auto resolved = muster::sdk::text(kFault == kResolvesToNothing ? "" : "7");
  const auto of = kFault == kResolvesOutOfRange ? request->operation_count : 0;
  if (sink->resolved(sink->context, &of, &resolved, 1) != MUSTER_OK) return MUSTER_CANCELLED;
  outcome.kind = kFault == kReportsUnset ? MUSTER_OUTCOME_UNSET : MUSTER_APPLIED;
  if (kFault != kAppliedWithoutRecord) outcome.record_id = muster::sdk::text("7");
  for (std::size_t i = 0; i < request->operation_count; ++i) {
    if (kFault == kReportsNothing) break;
    const auto index = kFault == kReportsOutOfRange ? request->operation_count + i : i;
    sink->report(sink->context, index, &outcome);
    if (kFault != kReportsTwice) continue;
    outcome.kind = MUSTER_ITEM_REJECTED;
    sink->report(sink->context, index, &outcome);
    outcome.kind = MUSTER_APPLIED;
  }
  return MUSTER_OK;
}

constexpr muster_identifier_kind kKinds[] = {
    {sizeof(muster_identifier_kind), 0, muster::sdk::text("id"), muster::sdk::text("an id")}};

constexpr std::uint32_t kTableSize = kFault == kTableTooShort    ? 64U
                                     : kFault == kOfALaterHeader ? sizeof(Grown<muster_destination>)
                                                                 : sizeof(muster_destination);
const Grown<muster_destination> kTable{{
    .struct_size = kTableSize,
    .level = kFault == kLevelOutOfRange ? 9U : MUSTER_LEVEL,
    .id = muster::sdk::text(kFault == kOtherId ? "other" : "bad"),
    .name = muster::sdk::text("Bad"),
    .version = muster::sdk::text(kFault == kEmptyVersion ? "" : "1"),
    .max_batch = kFault == kNoBatch ? 0U : 10U,
    .kind_stride = sizeof(muster_identifier_kind),
    .kinds = kFault == kBadKinds ? nullptr : kKinds,
    .kind_count = 1,
    .reasons = nullptr,
    .reason_count = 0,
    .create = &create,
    .destroy = &destroy,
    .authenticate = &authenticate,
    .map_identifiers = &map_identifiers,
    .sync = kFault == kMissingSync ? nullptr : &sync,
    .uninstall = nullptr,
    .get_extension = nullptr,
}};

}  // namespace

extern "C" const muster_destination* muster_destination_entry(const muster_offer* offer,
                                                              muster_error* error) noexcept {
  if (kFault == kThrows) return muster::sdk::detail::Hooks<Thrower>::entry(offer, error);
  if (kFault == kNullTable) {
    muster::sdk::fail(error, MUSTER_NOT_SUPPORTED, "bad.level", "built for level 9");
    return nullptr;
  }
  return &kTable.known;
}
