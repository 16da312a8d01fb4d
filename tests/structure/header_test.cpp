// The layout of level 1, pinned: whoever moves a field breaks every plugin that was built before
// (ABI-3, ABI-4). New fields go to a struct's end, with a line of their own here.
#include <gtest/gtest.h>

#include "muster/destination.hpp"

static_assert(sizeof(void*) == 8, "level 1 is pinned for 64-bit platforms");

static_assert(sizeof(muster_text) == 16);
static_assert(offsetof(muster_text, data) == 0);
static_assert(offsetof(muster_text, size) == 8);

static_assert(sizeof(muster_error) == 848);
static_assert(offsetof(muster_error, struct_size) == 0);
static_assert(offsetof(muster_error, reserved) == 4);
static_assert(offsetof(muster_error, retry_after_ms) == 8);
static_assert(offsetof(muster_error, code) == 16);
static_assert(offsetof(muster_error, message) == 80);
static_assert(offsetof(muster_error, hint) == 592);

static_assert(sizeof(muster_host) == 80);
static_assert(offsetof(muster_host, struct_size) == 0);
static_assert(offsetof(muster_host, level) == 4);
static_assert(offsetof(muster_host, context) == 8);
static_assert(offsetof(muster_host, log) == 16);
static_assert(offsetof(muster_host, now_ms) == 24);
static_assert(offsetof(muster_host, is_cancelled) == 32);
static_assert(offsetof(muster_host, remaining_ms) == 40);
static_assert(offsetof(muster_host, wait) == 48);
static_assert(offsetof(muster_host, secret_get) == 56);
static_assert(offsetof(muster_host, secret_put) == 64);
static_assert(offsetof(muster_host, get_extension) == 72);

static_assert(sizeof(muster_http_header) == 32);
static_assert(offsetof(muster_http_header, name) == 0);
static_assert(offsetof(muster_http_header, value) == 16);

static_assert(sizeof(muster_http_request) == 96);
static_assert(offsetof(muster_http_request, struct_size) == 0);
static_assert(offsetof(muster_http_request, header_stride) == 4);
static_assert(offsetof(muster_http_request, method) == 8);
static_assert(offsetof(muster_http_request, url) == 24);
static_assert(offsetof(muster_http_request, headers) == 40);
static_assert(offsetof(muster_http_request, header_count) == 48);
static_assert(offsetof(muster_http_request, body) == 56);
static_assert(offsetof(muster_http_request, bucket) == 72);
static_assert(offsetof(muster_http_request, timeout_ms) == 88);

static_assert(sizeof(muster_http_response) == 72);
static_assert(offsetof(muster_http_response, struct_size) == 0);
static_assert(offsetof(muster_http_response, outcome) == 4);
static_assert(offsetof(muster_http_response, tag) == 8);
static_assert(offsetof(muster_http_response, status) == 16);
static_assert(offsetof(muster_http_response, header_stride) == 20);
static_assert(offsetof(muster_http_response, headers) == 24);
static_assert(offsetof(muster_http_response, header_count) == 32);
static_assert(offsetof(muster_http_response, body) == 40);
static_assert(offsetof(muster_http_response, error) == 56);

static_assert(sizeof(muster_http_1) == 40);
static_assert(offsetof(muster_http_1, struct_size) == 0);
static_assert(offsetof(muster_http_1, reserved) == 4);
static_assert(offsetof(muster_http_1, start) == 8);
static_assert(offsetof(muster_http_1, next) == 16);
static_assert(offsetof(muster_http_1, limit) == 24);
static_assert(offsetof(muster_http_1, pause) == 32);

static_assert(sizeof(muster_setting) == 32);
static_assert(offsetof(muster_setting, key) == 0);
static_assert(offsetof(muster_setting, value) == 16);

static_assert(sizeof(muster_settings) == 24);
static_assert(offsetof(muster_settings, struct_size) == 0);
static_assert(offsetof(muster_settings, stride) == 4);
static_assert(offsetof(muster_settings, items) == 8);
static_assert(offsetof(muster_settings, count) == 16);

static_assert(sizeof(muster_auth_request) == 88);
static_assert(offsetof(muster_auth_request, struct_size) == 0);
static_assert(offsetof(muster_auth_request, step) == 4);
static_assert(offsetof(muster_auth_request, redirect_uri) == 8);
static_assert(offsetof(muster_auth_request, state) == 24);
static_assert(offsetof(muster_auth_request, code_challenge) == 40);
static_assert(offsetof(muster_auth_request, code) == 56);
static_assert(offsetof(muster_auth_request, code_verifier) == 72);

static_assert(sizeof(muster_account) == 136);
static_assert(offsetof(muster_account, struct_size) == 0);
static_assert(offsetof(muster_account, reserved) == 4);
static_assert(offsetof(muster_account, id) == 8);
static_assert(offsetof(muster_account, name) == 24);
static_assert(offsetof(muster_account, domain) == 40);
static_assert(offsetof(muster_account, time_zone) == 56);
static_assert(offsetof(muster_account, scopes) == 72);
static_assert(offsetof(muster_account, url) == 88);
static_assert(offsetof(muster_account, record_url) == 104);
static_assert(offsetof(muster_account, audience_url) == 120);

static_assert(sizeof(muster_auth_sink) == 32);
static_assert(offsetof(muster_auth_sink, struct_size) == 0);
static_assert(offsetof(muster_auth_sink, reserved) == 4);
static_assert(offsetof(muster_auth_sink, context) == 8);
static_assert(offsetof(muster_auth_sink, authorize_url) == 16);
static_assert(offsetof(muster_auth_sink, account) == 24);

static_assert(sizeof(muster_identifier_kind) == 40);
static_assert(offsetof(muster_identifier_kind, struct_size) == 0);
static_assert(offsetof(muster_identifier_kind, flags) == 4);
static_assert(offsetof(muster_identifier_kind, id) == 8);
static_assert(offsetof(muster_identifier_kind, description) == 24);

static_assert(sizeof(muster_map_request) == 40);
static_assert(offsetof(muster_map_request, struct_size) == 0);
static_assert(offsetof(muster_map_request, reserved) == 4);
static_assert(offsetof(muster_map_request, kind) == 8);
static_assert(offsetof(muster_map_request, values) == 24);
static_assert(offsetof(muster_map_request, count) == 32);

static_assert(sizeof(muster_map_sink) == 32);
static_assert(offsetof(muster_map_sink, struct_size) == 0);
static_assert(offsetof(muster_map_sink, reserved) == 4);
static_assert(offsetof(muster_map_sink, context) == 8);
static_assert(offsetof(muster_map_sink, mapped) == 16);
static_assert(offsetof(muster_map_sink, rejected) == 24);

static_assert(sizeof(muster_operation) == 56);
static_assert(offsetof(muster_operation, struct_size) == 0);
static_assert(offsetof(muster_operation, kind) == 4);
static_assert(offsetof(muster_operation, flags) == 8);
static_assert(offsetof(muster_operation, property_count) == 12);
static_assert(offsetof(muster_operation, identifier) == 16);
static_assert(offsetof(muster_operation, record_id) == 32);
static_assert(offsetof(muster_operation, properties) == 48);

static_assert(sizeof(muster_sync_request) == 136);
static_assert(offsetof(muster_sync_request, struct_size) == 0);
static_assert(offsetof(muster_sync_request, flags) == 4);
static_assert(offsetof(muster_sync_request, kind) == 8);
static_assert(offsetof(muster_sync_request, cohort) == 24);
static_assert(offsetof(muster_sync_request, audience_name) == 40);
static_assert(offsetof(muster_sync_request, audience_ref) == 56);
static_assert(offsetof(muster_sync_request, audience_known_as) == 72);
static_assert(offsetof(muster_sync_request, property_names) == 88);
static_assert(offsetof(muster_sync_request, property_count) == 96);
static_assert(offsetof(muster_sync_request, operations) == 104);
static_assert(offsetof(muster_sync_request, operation_count) == 112);
static_assert(offsetof(muster_sync_request, operation_stride) == 120);
static_assert(offsetof(muster_sync_request, property_columns) == 128);

static_assert(sizeof(muster_outcome) == 72);
static_assert(offsetof(muster_outcome, struct_size) == 0);
static_assert(offsetof(muster_outcome, kind) == 4);
static_assert(offsetof(muster_outcome, flags) == 8);
static_assert(offsetof(muster_outcome, reserved) == 12);
static_assert(offsetof(muster_outcome, retry_after_ms) == 16);
static_assert(offsetof(muster_outcome, record_id) == 24);
static_assert(offsetof(muster_outcome, reason) == 40);
static_assert(offsetof(muster_outcome, detail) == 56);

static_assert(sizeof(muster_audience) == 40);
static_assert(offsetof(muster_audience, struct_size) == 0);
static_assert(offsetof(muster_audience, state) == 4);
static_assert(offsetof(muster_audience, ref) == 8);
static_assert(offsetof(muster_audience, name) == 24);

static_assert(sizeof(muster_sync_sink) == 40);
static_assert(offsetof(muster_sync_sink, struct_size) == 0);
static_assert(offsetof(muster_sync_sink, reserved) == 4);
static_assert(offsetof(muster_sync_sink, context) == 8);
static_assert(offsetof(muster_sync_sink, report) == 16);
static_assert(offsetof(muster_sync_sink, audience) == 24);
static_assert(offsetof(muster_sync_sink, resolved) == 32);

static_assert(sizeof(muster_readback_sink) == 24);
static_assert(offsetof(muster_readback_sink, struct_size) == 0);
static_assert(offsetof(muster_readback_sink, reserved) == 4);
static_assert(offsetof(muster_readback_sink, context) == 8);
static_assert(offsetof(muster_readback_sink, page) == 16);

static_assert(sizeof(muster_readback_1) == 16);
static_assert(offsetof(muster_readback_1, struct_size) == 0);
static_assert(offsetof(muster_readback_1, reserved) == 4);
static_assert(offsetof(muster_readback_1, read) == 8);

static_assert(sizeof(muster_lookup_sink) == 32);
static_assert(offsetof(muster_lookup_sink, struct_size) == 0);
static_assert(offsetof(muster_lookup_sink, reserved) == 4);
static_assert(offsetof(muster_lookup_sink, context) == 8);
static_assert(offsetof(muster_lookup_sink, found) == 16);
static_assert(offsetof(muster_lookup_sink, refused) == 24);

static_assert(sizeof(muster_lookup_1) == 16);
static_assert(offsetof(muster_lookup_1, struct_size) == 0);
static_assert(offsetof(muster_lookup_1, reserved) == 4);
static_assert(offsetof(muster_lookup_1, look_up) == 8);

static_assert(sizeof(muster_audience_1) == 16);
static_assert(offsetof(muster_audience_1, struct_size) == 0);
static_assert(offsetof(muster_audience_1, reserved) == 4);
static_assert(offsetof(muster_audience_1, change) == 8);

static_assert(sizeof(muster_estimate_request) == 80);
static_assert(offsetof(muster_estimate_request, struct_size) == 0);
static_assert(offsetof(muster_estimate_request, flags) == 4);
static_assert(offsetof(muster_estimate_request, kind) == 8);
static_assert(offsetof(muster_estimate_request, adds) == 24);
static_assert(offsetof(muster_estimate_request, adds_by_record) == 32);
static_assert(offsetof(muster_estimate_request, removes) == 40);
static_assert(offsetof(muster_estimate_request, missing) == 48);
static_assert(offsetof(muster_estimate_request, audience_size) == 56);
static_assert(offsetof(muster_estimate_request, verify) == 64);
static_assert(offsetof(muster_estimate_request, has_audience) == 68);
static_assert(offsetof(muster_estimate_request, updates) == 72);

static_assert(sizeof(muster_estimate) == 24);
static_assert(offsetof(muster_estimate, struct_size) == 0);
static_assert(offsetof(muster_estimate, requests_per_window) == 4);
static_assert(offsetof(muster_estimate, calls) == 8);
static_assert(offsetof(muster_estimate, window_ms) == 16);

static_assert(sizeof(muster_estimate_1) == 16);
static_assert(offsetof(muster_estimate_1, struct_size) == 0);
static_assert(offsetof(muster_estimate_1, reserved) == 4);
static_assert(offsetof(muster_estimate_1, estimate) == 8);

static_assert(sizeof(muster_destination) == 152);
static_assert(offsetof(muster_destination, struct_size) == 0);
static_assert(offsetof(muster_destination, level) == 4);
static_assert(offsetof(muster_destination, id) == 8);
static_assert(offsetof(muster_destination, name) == 24);
static_assert(offsetof(muster_destination, version) == 40);
static_assert(offsetof(muster_destination, max_batch) == 56);
static_assert(offsetof(muster_destination, kind_stride) == 60);
static_assert(offsetof(muster_destination, kinds) == 64);
static_assert(offsetof(muster_destination, kind_count) == 72);
static_assert(offsetof(muster_destination, reasons) == 80);
static_assert(offsetof(muster_destination, reason_count) == 88);
static_assert(offsetof(muster_destination, create) == 96);
static_assert(offsetof(muster_destination, destroy) == 104);
static_assert(offsetof(muster_destination, authenticate) == 112);
static_assert(offsetof(muster_destination, map_identifiers) == 120);
static_assert(offsetof(muster_destination, sync) == 128);
static_assert(offsetof(muster_destination, uninstall) == 136);
static_assert(offsetof(muster_destination, get_extension) == 144);

static_assert(sizeof(muster_offer) == 32);
static_assert(offsetof(muster_offer, struct_size) == 0);
static_assert(offsetof(muster_offer, min_level) == 4);
static_assert(offsetof(muster_offer, max_level) == 8);
static_assert(offsetof(muster_offer, reserved) == 12);
static_assert(offsetof(muster_offer, host_version) == 16);

namespace {

TEST(AbiHeader, IsOfTheLevelThatIsPinnedHere) { EXPECT_EQ(MUSTER_LEVEL, 1U); }

TEST(AbiHeader, ValuesThatWereAddedStayAsTheyAre) {
  EXPECT_EQ(MUSTER_OUTCOME_CREATED, 1U);
  EXPECT_EQ(MUSTER_OUTCOME_VALUES_LEFT_OUT, 2U);
  EXPECT_EQ(MUSTER_AUDIENCE_CREATING, 1);
  EXPECT_EQ(MUSTER_AUDIENCE_READY, 2);
  EXPECT_EQ(MUSTER_AUDIENCE_ADOPTED, 3);
  EXPECT_EQ(MUSTER_AUDIENCE_NOT_CREATED, 4);
}

TEST(AbiHeader, ZeroIsNoOutcome) { EXPECT_EQ(MUSTER_OUTCOME_UNSET, 0); }

class Tiny final : public muster::sdk::Destination {
 public:
  static constexpr muster::sdk::Descriptor kDescriptor{
      .id = "tiny", .name = "Tiny", .version = "1", .max_batch = 2};
  Tiny(muster::sdk::Host, const muster::sdk::Settings&) {}
  void authenticate(const muster_auth_request&, const muster_auth_sink&) override {}
  void map_identifiers(const muster_map_request&, const muster_map_sink&) const override {}
  void sync(const muster_sync_request&, const muster_sync_sink&) override {}
  void uninstall() override {}
};
using TinyHooks = muster::sdk::detail::Hooks<Tiny>;

muster_offer offer(std::uint32_t least, std::uint32_t most) {
  return {sizeof(muster_offer), least, most, 0, {}};
}

TEST(AbiEntry, GivesTheSameTableEachTime) {
  const auto wide = offer(1, 99);
  const auto* table = TinyHooks::entry(&wide, nullptr);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table, TinyHooks::entry(&wide, nullptr));
  EXPECT_EQ(table->level, MUSTER_LEVEL);  // its own highest, though more was offered
}

TEST(AbiEntry, RefusesOffersTooLowTooHighAndTooShort) {
  auto short_offer = offer(1, 1);
  short_offer.struct_size = 8;
  for (const auto& bad : {offer(0, 0), offer(2, 9), short_offer}) {
    muster_error error{};
    error.struct_size = sizeof error;
    EXPECT_EQ(TinyHooks::entry(&bad, &error), nullptr);
    EXPECT_STRNE(error.code, "");
  }
}

TEST(AbiKit, RefusesEmptyAndOverlargeBatches) {
  const muster_settings none{};
  Tiny tiny(muster::sdk::Host(nullptr), muster::sdk::Settings(none));
  for (const std::size_t count : {0U, 3U}) {
    muster_sync_request request{};
    request.operation_count = count;
    EXPECT_EQ(TinyHooks::sync(&tiny, &request, nullptr, nullptr), MUSTER_INVALID_ARGUMENT);
  }
}

TEST(AbiKit, KnowsNoExtensionThatTheClassDoesNotOffer) {
  EXPECT_EQ(TinyHooks::get_extension(muster::sdk::text(MUSTER_READBACK_1)), nullptr);
}

TEST(AbiKit, CutsTextsAtACharactersBoundary) {
  char to[4];
  muster::sdk::fill(to, "ab\xC3\xA4");  // four bytes, and a NUL
  EXPECT_STREQ(to, "ab");
}

TEST(AbiKit, LeavesAnErrorOfAShorterStructAlone) {
  muster_error error{};
  error.struct_size = 8;
  EXPECT_EQ(muster::sdk::fail(&error, MUSTER_REJECTED, "x.y", "message"), MUSTER_REJECTED);
  EXPECT_EQ(error.code[0], '\0');
}

}  // namespace
