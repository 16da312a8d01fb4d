// A plugin that answers the host with anything the ABI's types allow, and asks anything of it:
// reports out of range, twice or not at all, unknown kinds and statuses, any texts and numbers. The
// host keeps its promises to itself: one outcome for each operation, none unset, texts that are
// text, times that can be added up, nothing but an Error thrown.
#include <cstdint>
#include <cstring>

#include "base/cancellation.hpp"
#include "base/text.hpp"
#include "destination/plugin_destination.hpp"
#include "destination/text.hpp"
#include "fuzz/scripted_transport.hpp"
#include "muster/destination.h"
#include "run/backoff.hpp"
#include "support/memory_secrets.hpp"

namespace {

using namespace muster;
using fuzz::expect;

fuzz::Bytes* script = nullptr;  // of the input in hand

constexpr muster_text of(std::string_view view) { return {view.data(), view.size()}; }

muster_text text() {
  const auto taken = script->text(script->byte() % 40U);
  return {taken.empty() ? nullptr : taken.data(), taken.size()};
}

//! Small, or any of 64 bits.
std::int64_t number() {
  const auto how = script->byte();
  if (how % 4 != 0) return static_cast<std::int64_t>(script->two()) - 100;
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8U | script->byte();
  return static_cast<std::int64_t>(bits);
}

std::uint32_t size_of(std::size_t whole) {
  const auto how = script->byte();
  return how % 8 == 7 ? how : static_cast<std::uint32_t>(whole);
}

template <std::size_t N>
void fill(char (&array)[N]) {
  const auto taken = script->text(script->two() % (N + 1));
  std::memcpy(array, taken.data(), taken.size());
}

void use_http(const muster_host* host) {
  const auto* http =
      static_cast<const muster_http_1*>(host->get_extension(host->context, of(MUSTER_HTTP_1)));
  switch (script->byte() % 4) {
    case 0: {
      const muster_http_header headers[] = {{text(), text()}, {text(), text()}};
      muster_http_request request{};
      request.struct_size = size_of(sizeof request);
      request.header_stride = size_of(sizeof(muster_http_header));
      request.method = text();
      request.url = script->byte() % 2 == 0 ? of("http://127.0.0.1:1/a") : text();
      request.headers = script->byte() % 8 == 0 ? nullptr : headers;
      request.header_count = request.header_stride > sizeof(muster_http_header)
                                 ? script->byte() % 2U
                                 : script->byte() % 3U;
      request.body = text();
      request.bucket = text();
      request.timeout_ms = number();
      muster_error error{};
      error.struct_size = size_of(sizeof error);
      http->start(host->context, &request, script->byte(), &error);
      return;
    }
    case 1: {
      muster_http_response response{};
      response.struct_size = size_of(sizeof response);
      http->next(host->context, &response);
      return;
    }
    case 2:
      http->limit(host->context, text(), script->two(), number());
      return;
    default:
      http->pause(host->context, text(), number());
      return;
  }
}

void use(const muster_host* host) {
  while (script->byte() % 4 == 3) {
    char buffer[32];
    std::size_t size = 0;
    switch (script->byte() % 8) {
      case 0:
        host->log(host->context, script->byte() % 6 - 1, text());
        break;
      case 1:
        host->wait(host->context, number());
        break;
      case 2:
        host->secret_get(host->context, text(), buffer, script->byte() % sizeof buffer, &size);
        break;
      case 3:
        host->secret_put(host->context, text(), text());
        break;
      case 4:
        expect(host->remaining_ms(host->context) >= 0);
        break;
      default:
        use_http(host);
        break;
    }
  }
}

muster_status end(muster_error* error) {
  fill(error->code);
  fill(error->message);
  fill(error->hint);
  error->retry_after_ms = number();
  return script->byte() % 16 - 1;
}

muster_status create(const muster_host* host, const muster_settings*, void** instance,
                     muster_error*) noexcept {
  *instance = const_cast<muster_host*>(host);
  return MUSTER_OK;
}
void destroy(void*) noexcept {}

muster_status authenticate(void* instance, const muster_auth_request*, const muster_auth_sink* sink,
                           muster_error* error) noexcept {
  use(static_cast<const muster_host*>(instance));
  while (script->byte() % 4 == 3) {
    const muster_account account{size_of(sizeof(muster_account)),
                                 0,
                                 text(),
                                 text(),
                                 text(),
                                 text(),
                                 text(),
                                 text(),
                                 text(),
                                 text()};
    script->byte() % 2 == 0 ? sink->account(sink->context, &account)
                            : sink->authorize_url(sink->context, text());
  }
  return end(error);
}

muster_status map(void*, const muster_map_request*, const muster_map_sink* sink,
                  muster_error* error) noexcept {
  while (script->byte() % 8 != 0) {
    const auto index = script->byte() % 6U;
    script->byte() % 2 == 0 ? sink->mapped(sink->context, index, text())
                            : sink->rejected(sink->context, index, text());
  }
  return end(error);
}

void report(const muster_sync_sink& sink) {
  const auto kind = script->byte() % 10 - 1;
  const auto reason = script->byte() % 2 == 0 ? of("refused") : text();
  const muster_outcome outcome{
      size_of(sizeof(muster_outcome)), kind, script->byte(), 0, number(), text(), reason, text()};
  sink.report(sink.context, script->byte() % 6U, &outcome);
}

muster_status sync(void* instance, const muster_sync_request*, const muster_sync_sink* sink,
                   muster_error* error) noexcept {
  use(static_cast<const muster_host*>(instance));
  while (script->byte() % 8 != 0) {
    switch (script->byte() % 8) {
      case 0: {
        const muster_audience audience{size_of(sizeof(muster_audience)), script->byte() % 5, text(),
                                       text()};
        sink->audience(sink->context, &audience);
        break;
      }
      case 1: {
        const std::size_t indices[] = {script->byte() % 4U, script->byte() % 4U};
        const muster_text ids[] = {text(), text()};
        const auto absent = script->byte() % 8;
        sink->resolved(sink->context, absent == 6 ? nullptr : indices, absent == 7 ? nullptr : ids,
                       script->byte() % 3U);
        break;
      }
      default:
        report(*sink);
        break;
    }
  }
  return end(error);
}

muster_status uninstall(void* instance, muster_error* error) noexcept {
  use(static_cast<const muster_host*>(instance));
  return end(error);
}

muster_status read(void*, muster_text, muster_text, const muster_readback_sink* sink,
                   muster_error* error) noexcept {
  while (script->byte() % 4 == 3) {
    const muster_text ids[] = {text(), text()};
    sink->page(sink->context, script->byte() % 8 == 7 ? nullptr : ids, script->byte() % 3U, text());
  }
  return end(error);
}

muster_status look_up(void*, muster_text, const muster_text*, std::size_t,
                      const muster_lookup_sink* sink, muster_error* error) noexcept {
  while (script->byte() % 4 == 3) sink->found(sink->context, script->byte() % 6U, text());
  while (script->byte() % 4 == 3) sink->refused(sink->context, script->byte() % 6U);
  return end(error);
}

muster_status change(void*, std::int32_t, muster_text, muster_text, muster_error* error) noexcept {
  return end(error);
}

muster_status foretell(void*, const muster_estimate_request*, muster_estimate* estimate,
                       muster_error* error) noexcept {
  estimate->requests_per_window = static_cast<std::uint32_t>(number());
  estimate->calls = static_cast<std::uint64_t>(number());
  estimate->window_ms = number();
  return end(error);
}

const void* extension(muster_text id) noexcept {
  static constexpr muster_readback_1 kReadback{sizeof(muster_readback_1), 0, &read};
  static constexpr muster_lookup_1 kLookup{sizeof(muster_lookup_1), 0, &look_up};
  static constexpr muster_audience_1 kAudience{sizeof(muster_audience_1), 0, &change};
  static constexpr muster_estimate_1 kEstimate{sizeof(muster_estimate_1), 0, &foretell};
  const std::string_view asked(id.data, id.size);
  if (asked == MUSTER_READBACK_1) return &kReadback;
  if (asked == MUSTER_LOOKUP_1) return &kLookup;
  if (asked == MUSTER_AUDIENCE_1) return &kAudience;
  if (asked == MUSTER_ESTIMATE_1) return &kEstimate;
  return nullptr;
}

constexpr muster_identifier_kind kKind{sizeof(muster_identifier_kind), MUSTER_KIND_CREATES,
                                       of("email"), of("an address")};
constexpr muster_text kReason = of("refused");
constexpr muster_destination kTable{sizeof(muster_destination),
                                    1,
                                    of("fuzz"),
                                    of("Fuzz"),
                                    of("1"),
                                    4,
                                    sizeof(muster_identifier_kind),
                                    &kKind,
                                    1,
                                    &kReason,
                                    1,
                                    &create,
                                    &destroy,
                                    &authenticate,
                                    &map,
                                    &sync,
                                    &uninstall,
                                    &extension};

const muster_destination* entry(const muster_offer*, muster_error*) noexcept { return &kTable; }

//! Any table, as far as the host can see whether it is one.
const muster_destination* any_entry(const muster_offer*, muster_error* error) noexcept {
  static muster_identifier_kind kinds[3];
  static muster_text reasons[3];
  static muster_destination table;
  for (auto& kind : kinds) kind = {sizeof kind, script->byte(), text(), text()};
  for (auto& reason : reasons) reason = text();
  table = kTable;
  table.struct_size = size_of(sizeof table);
  table.level = script->byte() % 4U;
  if (script->byte() % 4 == 3) table.id = text();
  table.name = text();
  table.version = text();
  table.max_batch = script->two();
  table.kind_stride = size_of(sizeof(muster_identifier_kind));
  table.kinds = script->byte() % 8 == 7 ? nullptr : kinds;
  table.kind_count = table.kind_stride > sizeof(muster_identifier_kind) ? 1 : script->byte() % 4U;
  table.reasons = script->byte() % 8 == 7 ? nullptr : reasons;
  table.reason_count = script->byte() % 4U;
  if (script->byte() % 8 == 7) table.map_identifiers = nullptr;
  if (script->byte() % 8 == 7) table.uninstall = nullptr;
  if (script->byte() % 8 != 7) return &table;
  end(error);
  return nullptr;
}

Manifest manifest() {
  Manifest made;
  made.id = "fuzz";
  return made;
}

void expect_text(std::string_view view) { expect(is_utf8(view)); }

//! What the rest of the host does with a time that a plugin names.
void add_up(std::optional<Milliseconds> wait) {
  if (!wait) return;
  expect(*wait >= Milliseconds{0});
  constexpr Milliseconds kUptime{1'000'000'000};
  Backoff(std::chrono::hours{1}, kUptime).next(kUptime, wait);
}

void expect_sane(const Destination::SyncResult& result) {
  expect(result.outcomes.size() == 3);
  for (const auto& outcome : result.outcomes) {
    expect(outcome.kind >= OutcomeKind::kApplied && outcome.kind <= OutcomeKind::kSkipped);
    const bool done =
        outcome.kind == OutcomeKind::kApplied || outcome.kind == OutcomeKind::kUnchanged;
    expect(!done || !outcome.record_id.empty());
    expect(outcome.reason.empty() || outcome.kind == OutcomeKind::kRejected);
    for (const auto* told : {&outcome.record_id, &outcome.reason, &outcome.detail}) {
      expect_text(*told);
    }
    add_up(outcome.retry_after);
  }
  if (result.failure) add_up(result.failure->retry_after());
}

void sync(Destination& destination) {
  std::vector<Operation> operations(3);
  for (auto& operation : operations) operation.identifier = "a@x.com";
  const AudienceEvents events{[](std::string_view name) { expect_text(name); },
                              [](std::string_view ref, std::string_view name) {
                                expect(!ref.empty());
                                expect_text(ref);
                                expect_text(name);
                              },
                              {},
                              [](std::string_view name) { expect_text(name); },
                              [](std::span<const ResolvedRecord> records) {
                                for (const auto& record : records) {
                                  expect(record.index < 3 && !record.record_id.empty());
                                  expect_text(record.record_id);
                                }
                              }};
  SyncHeader header;
  header.kind = "email";
  expect_sane(destination.sync(header, operations, events));
}

void call(Destination& destination) {
  const std::string_view asked[] = {"a@x.com", "b@x.com", "c@x.com"};
  switch (script->byte() % 12) {
    case 0: {
      const auto account = destination.check();
      expect(!account.id.empty());
      for (const auto* told : {&account.id, &account.name, &account.url}) expect_text(*told);
      return;
    }
    case 1: {
      const auto mapped = destination.map_identifiers("email", asked);
      expect(mapped.size() == 3);
      for (const auto& one : mapped) {
        expect(one.canonical.empty() != one.reason.empty());
        expect_text(one.canonical);
        expect_text(one.reason);
      }
      return;
    }
    case 2:
      destination.read_back("9", {}, [](std::span<const std::string_view> ids, std::string_view) {
        for (const auto id : ids) {
          expect(!id.empty());
          expect_text(id);
        }
      });
      return;
    case 3: {
      const auto found = destination.look_up("email", asked);
      expect(found.size() == 3);
      for (const auto& id : found) expect_text(id);
      return;
    }
    case 4:
      expect_text(destination.begin_authorization("http://127.0.0.1:1", "state", "challenge"));
      return;
    case 5:
      destination.revoke();
      return;
    case 6:
      destination.uninstall();
      return;
    case 7:
      destination.change_audience(MUSTER_AUDIENCE_RENAME, "9", "name");
      return;
    case 8: {
      const auto estimate = destination.estimate({});
      expect(estimate.window >= Milliseconds{0});
      const auto whole =
          static_cast<double>(estimate.window.count()) * static_cast<double>(estimate.calls);
      expect(whole < static_cast<double>(Milliseconds::max().count()));
      return;
    }
    default:
      sync(destination);
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes(data, size);
  script = &bytes;
  static const auto plugin = negotiate(manifest(), &entry);
  VirtualClock clock;
  Cancellation cancellation;
  testing::MemorySecrets secrets;
  fuzz::ScriptedTransport transport(bytes, clock);
  ConnectionLimits limits;
  limits.loopback_bases = {"http://127.0.0.1:1"};
  auto services = std::make_unique<HostServices>(
      HostServices::Environment{"fuzz", clock, transport, secrets, cancellation, limits, nullptr});
  auto& limits_of_time = *services;
  PluginDestination destination(plugin, std::move(services), {});
  for (int i = 0; i < 4 && !bytes.spent(); ++i) {
    limits_of_time.set_deadline(clock.elapsed() + std::chrono::minutes{1});
    try {
      if (bytes.byte() % 16 == 15) {
        negotiate(manifest(), &any_entry);
      } else {
        call(destination);
      }
    } catch (const DestinationError& error) {
      expect_text(error.message());
      expect_text(error.hint());
      add_up(error.retry_after());
    } catch (const Error& error) {
      expect_text(error.message());
    }
  }
  return 0;
}
