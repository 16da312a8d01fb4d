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
  kWaitsForEver,
  kTellsNoText,
  kPagesNothing,
  kFindsUnasked,
  kLeaks,
  kLeaksCut,
  kMakesWhatIsNot,
  kNoInstance,
  kMapsHuge,
  kNarrowKinds,
  kOddKinds,
  kKindsWithoutSize,
  kOfALaterHeader,  // no fault: its structs have grown
};
constexpr Fault kFault = FAULT;

muster_status create(const muster_host* host, const muster_settings*, void** instance,
                     muster_error*) noexcept {
  *instance = kFault == kNoInstance ? nullptr : const_cast<muster_host*>(host);
  return MUSTER_OK;
}
void destroy(void*) noexcept {}
constexpr auto kNoText = muster::sdk::text("\xFF\n");  // neither UTF-8 nor one line
//! A struct as a later header may have it: larger, the first fields the same.
template <class Known>
struct Grown {
  Known known{};
  std::uint64_t later[4] = {1, 2, 3, 4};
};

muster_status authenticate(void*, const muster_auth_request* request, const muster_auth_sink* sink,
                           muster_error*) noexcept {
  if (request->step == MUSTER_AUTH_BEGIN) {
    sink->authorize_url(sink->context,
                        kFault == kTellsNoText ? kNoText : muster::sdk::text("http:"));
    return MUSTER_OK;
  }
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
    if (kFault == kLeaks) {
      sink->rejected(sink->context, i, request->values[i]);
      continue;
    }
    static const std::string kHuge(4'097, 'x');
    sink->mapped(sink->context, i,
                 kFault == kTellsNoText ? kNoText
                 : kFault == kMapsHuge  ? muster::sdk::text(kHuge)
                                        : request->values[i]);
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

//! Tells a secret and whom the batch was about, wherever it can.
muster_status leak(const muster_host* host, const muster_sync_request* request,
                   const muster_sync_sink* sink, muster_error* error) {
  const auto identifier = std::string(muster::sdk::view(request->operations->identifier));
  const auto text = muster::sdk::Host(host).secret("token") + " of (" + identifier +
                    "), ann@example.com. or bob%40example.com";
  muster_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  outcome.kind = MUSTER_ITEM_REJECTED;
  outcome.reason = muster::sdk::text(identifier);
  outcome.detail = muster::sdk::text(text);
  sink->report(sink->context, 0, &outcome);
  return muster::sdk::fail(error, MUSTER_REJECTED, "bad." + identifier, text, text);
}

//! What fills its place, and then a secret or a record that is cut there.
muster_status leak_cut(const muster_host* host, const muster_sync_request* request,
                       const muster_sync_sink* sink, muster_error* error) {
  const auto secret = muster::sdk::Host(host).secret("token");
  const auto record = std::string(muster::sdk::view(request->operations->record_id));
  const auto detail = std::string(250, '.') + secret;
  muster_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  outcome.kind = MUSTER_ITEM_REJECTED;
  outcome.detail = muster::sdk::text(detail);
  sink->report(sink->context, 0, &outcome);
  return muster::sdk::fail(error, MUSTER_REJECTED, "bad", std::string(503, '.') + secret,
                           record + std::string(240, '.') + record);
}

muster_status sync(void* instance, const muster_sync_request* request, const muster_sync_sink* sink,
                   muster_error* error) noexcept {
  if (kFault == kLeaks) {
    return leak(static_cast<const muster_host*>(instance), request, sink, error);
  }
  if (kFault == kLeaksCut) {
    return leak_cut(static_cast<const muster_host*>(instance), request, sink, error);
  }
  Grown<muster_outcome> grown;
  auto& outcome = grown.known;
  outcome.struct_size = kFault == kOfALaterHeader ? sizeof grown : sizeof outcome;
  const auto resolved = muster::sdk::text(kFault == kResolvesToNothing ? "" : "7");
  const auto of = kFault == kResolvesOutOfRange ? request->operation_count : 0;
  if (sink->resolved(sink->context, &of, &resolved, 1) != MUSTER_OK) return MUSTER_CANCELLED;
  outcome.kind = kFault == kReportsUnset     ? MUSTER_OUTCOME_UNSET
                 : kFault == kWaitsForEver   ? MUSTER_RETRY
                 : kFault == kMakesWhatIsNot ? MUSTER_NOT_FOUND
                                             : MUSTER_APPLIED;
  outcome.retry_after_ms = INT64_MAX;
  if (kFault == kMakesWhatIsNot) outcome.flags = MUSTER_OUTCOME_CREATED;
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
  if (kFault != kWaitsForEver) return MUSTER_OK;
  error->retry_after_ms = INT64_MAX;
  return MUSTER_UNAVAILABLE;
}

muster_status read_back(void*, muster_text, muster_text, const muster_readback_sink* sink,
                        muster_error*) noexcept {
  const auto id = kFault == kTellsNoText ? kNoText : muster::sdk::text("7");
  return sink->page(sink->context, kFault == kPagesNothing ? nullptr : &id, 1, {});
}
muster_status look_up(void*, muster_text, const muster_text*, std::size_t count,
                      const muster_lookup_sink* sink, muster_error*) noexcept {
  sink->found(sink->context, kFault == kFindsUnasked ? count : 0,
              kFault == kTellsNoText ? kNoText : muster::sdk::text("7"));
  return MUSTER_OK;
}
muster_status estimate(void*, const muster_estimate_request*, muster_estimate* result,
                       muster_error*) noexcept {
  result->calls = kFault == kWaitsForEver ? UINT64_MAX : 1;
  result->window_ms = kFault == kWaitsForEver ? INT64_MAX : 1;
  return MUSTER_OK;
}
//! The good one and some of the bad have none: that is a case, too.
const void* get_extension(muster_text id) noexcept {
  static constexpr muster_readback_1 kReadback{sizeof(muster_readback_1), 0, &read_back};
  static constexpr muster_lookup_1 kLookup{sizeof(muster_lookup_1), 0, &look_up};
  static constexpr muster_estimate_1 kEstimate{sizeof(muster_estimate_1), 0, &estimate};
  const auto asked = muster::sdk::view(id);
  if (asked == MUSTER_READBACK_1) return &kReadback;
  if (asked == MUSTER_LOOKUP_1) return &kLookup;
  return asked == MUSTER_ESTIMATE_1 ? &kEstimate : nullptr;
}

constexpr std::uint32_t kKindSize = kFault == kOfALaterHeader
                                        ? sizeof(Grown<muster_identifier_kind>)
                                        : sizeof(muster_identifier_kind);
constexpr Grown<muster_identifier_kind> kKinds[] = {
    {{kFault == kKindsWithoutSize ? 0 : kKindSize, 0, muster::sdk::text("id"),
      muster::sdk::text("an id")}},
    {{kKindSize, 0, muster::sdk::text("email"), muster::sdk::text("an address")}}};
constexpr std::uint32_t kKindStride = kFault == kNarrowKinds ? sizeof(muster_identifier_kind) - 8
                                      : kFault == kOddKinds  ? sizeof(muster_identifier_kind) + 1
                                                             : sizeof(kKinds[0]);

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
    .kind_stride = kKindStride,
    .kinds = kFault == kBadKinds ? nullptr : &kKinds[0].known,
    .kind_count = 2,
    .reasons = nullptr,
    .reason_count = 0,
    .create = &create,
    .destroy = &destroy,
    .authenticate = &authenticate,
    .map_identifiers = &map_identifiers,
    .sync = kFault == kMissingSync ? nullptr : &sync,
    .uninstall = nullptr,
    .get_extension = kFault >= kWaitsForEver && kFault < kOfALaterHeader ? &get_extension : nullptr,
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
