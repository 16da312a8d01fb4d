#include "destination/plugin_destination.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "destination/call.hpp"
#include "destination/look_up_call.hpp"
#include "destination/map_call.hpp"
#include "destination/sync_call.hpp"
#include "destination/text.hpp"

namespace muster {
namespace {

// No plan takes more; times a year, the longest window, it still fits 64 bits.
constexpr std::uint64_t kMostCalls = 100'000'000;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(' ', begin), text.size());
    if (end > begin) found.push_back(one_line(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return found;
}

struct AuthCollector {
  std::optional<Account> account;
  std::string url;
  Callbacks callbacks;

  static void take_url(void* context, muster_text url) noexcept {
    auto& self = *static_cast<AuthCollector*>(context);
    self.callbacks.run([&] { self.url = view(url); });
  }
  static void take_account(void* context, const muster_account* account) noexcept {
    auto& self = *static_cast<AuthCollector*>(context);
    if (account == nullptr ||
        account->struct_size < MUSTER_SIZE_UP_TO(muster_account, audience_url))
      return;
    self.callbacks.run([&] {
      self.account =
          Account{one_line(view(account->id)),         one_line(view(account->name)),
                  one_line(view(account->domain)),     one_line(view(account->time_zone)),
                  words(view(account->scopes)),        one_line(view(account->url)),
                  one_line(view(account->record_url)), one_line(view(account->audience_url))};
    });
  }
};

}  // namespace

template <class Hook>
void PluginDestination::call(const Callbacks& callbacks, Hook&& hook,
                             std::span<const std::string_view> in_hand) {
  try {
    const HostServices::Hook running(*services_);
    call_hook(callbacks, std::forward<Hook>(hook), in_hand);
  } catch (DestinationError& error) {
    services_->rethrow_kept();  // the cause, where the host itself failed inside the call
    error.at(services_->where());
    throw;
  }
  services_->rethrow_kept();
  if (callbacks.called_from_elsewhere()) {
    throw called_from_elsewhere(plugin_->descriptor).at(services_->where());
  }
}

template <class Hook>
void PluginDestination::call(Hook&& hook) {
  call(Callbacks{}, std::forward<Hook>(hook));
}

PluginDestination::PluginDestination(std::shared_ptr<const Plugin> plugin,
                                     std::unique_ptr<HostServices> services,
                                     const std::map<std::string, std::string>& settings)
    : plugin_(std::move(plugin)), services_(std::move(services)) {
  std::vector<muster_setting> items;
  for (const auto& [key, value] : settings) items.push_back({to_text(key), to_text(value)});
  const muster_settings c_settings{sizeof(muster_settings), sizeof(muster_setting), items.data(),
                                   items.size()};
  call([&](muster_error* error) {
    return plugin_->table.create(services_->table(), &c_settings, &instance_, error);
  });
  if (instance_ == nullptr) {
    throw plugin_fault(plugin_->descriptor, "it made no instance").at(services_->where());
  }
}

PluginDestination::~PluginDestination() {
  if (instance_ == nullptr) return;
  const HostServices::Hook running(*services_);
  plugin_->table.destroy(instance_);
}

std::string PluginDestination::begin_authorization(std::string_view redirect_uri,
                                                   std::string_view state,
                                                   std::string_view code_challenge) {
  const muster_auth_request request{sizeof(muster_auth_request),
                                    MUSTER_AUTH_BEGIN,
                                    to_text(redirect_uri),
                                    to_text(state),
                                    to_text(code_challenge),
                                    {},
                                    {}};
  std::string url;
  account_from(request, &url);
  if (!is_address(url)) throw plugin_fault(plugin_->descriptor, "no address to open was given");
  return url;
}

Account PluginDestination::complete_authorization(std::string_view redirect_uri,
                                                  std::string_view code,
                                                  std::string_view code_verifier) {
  const muster_auth_request request{sizeof(muster_auth_request),
                                    MUSTER_AUTH_COMPLETE,
                                    to_text(redirect_uri),
                                    {},
                                    {},
                                    to_text(code),
                                    to_text(code_verifier)};
  return account_from(request, nullptr);
}

Account PluginDestination::check() {
  return account_from({sizeof(muster_auth_request), MUSTER_AUTH_CHECK, {}, {}, {}, {}, {}},
                      nullptr);
}

void PluginDestination::revoke() {
  const muster_auth_request request{
      sizeof(muster_auth_request), MUSTER_AUTH_REVOKE, {}, {}, {}, {}, {}};
  AuthCollector collector;  // of what nobody asked
  const muster_auth_sink sink{sizeof(muster_auth_sink), 0, &collector, &AuthCollector::take_url,
                              &AuthCollector::take_account};
  call(collector.callbacks, [&](muster_error* error) {
    return plugin_->table.authenticate(instance_, &request, &sink, error);
  });
}

//! `url`: where the address goes for a step that gives one; else an account must be told.
Account PluginDestination::account_from(const muster_auth_request& request, std::string* url) {
  AuthCollector collector;
  const muster_auth_sink sink{sizeof(muster_auth_sink), 0, &collector, &AuthCollector::take_url,
                              &AuthCollector::take_account};
  call(collector.callbacks, [&](muster_error* error) {
    return plugin_->table.authenticate(instance_, &request, &sink, error);
  });
  if (url != nullptr) {
    *url = collector.url;
    return {};
  }
  if (!collector.account || collector.account->id.empty()) {
    throw plugin_fault(plugin_->descriptor, "no account was told");
  }
  return *collector.account;
}

std::vector<MappedIdentifier> PluginDestination::map_identifiers(
    std::string_view kind, std::span<const std::string_view> values) const {
  try {
    return map_by(*plugin_, instance_, kind, values);
  } catch (Error& error) {
    if (error.where().empty()) error.at(services_->where());
    throw;
  }
}

Destination::SyncResult PluginDestination::sync(const SyncHeader& header,
                                                std::span<const Operation> operations,
                                                const AudienceEvents& events) {
  SyncCall batch(plugin_->descriptor, header, operations, events, services_->run_state());
  SyncResult result;
  muster_error error{};
  error.struct_size = sizeof error;
  error.retry_after_ms = -1;
  muster_status status = MUSTER_OK;
  {
    const HostServices::Hook running(*services_);
    status = plugin_->table.sync(instance_, &batch.request(), &batch.sink(), &error);
  }
  // What the plugin reported by then took effect all the same.
  const auto failed_here = error_of([&] {
    batch.callbacks().rethrow();
    services_->rethrow_kept();
  });
  const bool silent = status == MUSTER_OK && batch.unreported() > 0;
  if (batch.faults() > 0 || silent) services_->log_fault(batch.faults(), batch.unreported());
  result.outcomes = batch.take_outcomes();
  if (status != MUSTER_OK) {
    result.failure = destination_error(status, error, batch.identifiers());
    result.failure->at(services_->where());
  }
  // Nothing that is tried again would mend these.
  const auto fail = [&](Error fault) {
    fault.at(services_->where());
    result.failure = DestinationError(std::move(fault), MUSTER_INTERNAL, std::nullopt);
  };
  if (failed_here) {
    result.failure = DestinationError(*failed_here, MUSTER_INTERNAL, std::nullopt);
  }
  if (batch.callbacks().called_from_elsewhere()) fail(called_from_elsewhere(plugin_->descriptor));
  if (batch.added_to_nothing()) {
    fail(plugin_fault(plugin_->descriptor,
                      "members were reported as added before there was an audience"));
  }
  return result;
}

void PluginDestination::uninstall() {
  call([&](muster_error* error) { return plugin_->table.uninstall(instance_, error); });
}

bool PluginDestination::supports(std::string_view extension) const {
  return plugin_->table.get_extension(to_text(extension)) != nullptr;
}

template <class Table>
const Table& PluginDestination::extension(std::string_view id, std::size_t least_size) const {
  const auto* table = static_cast<const Table*>(plugin_->table.get_extension(to_text(id)));
  if (table != nullptr && table->struct_size >= least_size) return *table;
  throw DestinationError(
      Error(ErrorKind::kFailed, "plugin.not_supported",
            fmt::format("the destination '{}' does not offer {}", plugin_->descriptor.id, id)),
      MUSTER_NOT_SUPPORTED, std::nullopt);
}

void PluginDestination::read_back(std::string_view audience_ref, std::string_view cursor,
                                  const RecordPage& page) {
  struct Collector {
    const RecordPage& page;
    const Descriptor& descriptor;
    Callbacks callbacks;
    static muster_status take(void* context, const muster_text* ids, std::size_t count,
                              muster_text next_cursor) noexcept {
      auto& self = *static_cast<Collector*>(context);
      const bool taken = self.callbacks.run([&] {
        std::vector<std::string_view> views;
        for (std::size_t i = 0; i < count; ++i) {
          if (ids == nullptr || !is_record_id(view(ids[i]))) {
            throw plugin_fault(self.descriptor, "a page of an audience holds what is no record id");
          }
          views.push_back(view(ids[i]));
        }
        self.page(views, view(next_cursor));
      });
      return taken ? MUSTER_OK : MUSTER_CANCELLED;
    }
  };
  const auto& table =
      extension<muster_readback_1>(MUSTER_READBACK_1, MUSTER_SIZE_UP_TO(muster_readback_1, read));
  Collector collector{page, plugin_->descriptor, Callbacks(services_->run_state())};
  const muster_readback_sink sink{sizeof(muster_readback_sink), 0, &collector, &Collector::take};
  call(collector.callbacks, [&](muster_error* error) {
    return table.read(instance_, to_text(audience_ref), to_text(cursor), &sink, error);
  });
}

std::vector<std::string> PluginDestination::look_up(std::string_view kind,
                                                    std::span<const std::string_view> identifiers,
                                                    std::vector<std::size_t>* refused) {
  const auto& table =
      extension<muster_lookup_1>(MUSTER_LOOKUP_1, MUSTER_SIZE_UP_TO(muster_lookup_1, look_up));
  std::vector<std::string> all(identifiers.size());
  const std::size_t most = plugin_->descriptor.max_batch;
  for (std::size_t begin = 0; begin < identifiers.size(); begin += most) {
    const auto part = identifiers.subspan(begin, std::min(most, identifiers.size() - begin));
    std::vector<muster_text> texts;
    texts.reserve(part.size());
    for (const auto identifier : part) texts.push_back(to_text(identifier));
    LookUpCall look_up(plugin_->descriptor, part.size());
    const auto sink = look_up.sink();
    call(
        look_up.callbacks,
        [&](muster_error* error) {
          return table.look_up(instance_, to_text(kind), texts.data(), texts.size(), &sink, error);
        },
        part);
    if (!look_up.refused.empty() && refused == nullptr) throw look_up_refused();
    for (const auto place : look_up.refused) refused->push_back(begin + place);
    std::move(look_up.records.begin(), look_up.records.end(),
              all.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return all;
}

//! Silence would say that there is none.
DestinationError PluginDestination::look_up_refused() const {
  return {
      Error(ErrorKind::kLater, "destination.look_up_refused",
            fmt::format("the destination '{}' refuses to look someone up", plugin_->descriptor.id))
          .at(services_->where())
          .with_hint("try again later; if it stays so, ask its support"),
      MUSTER_UNAVAILABLE, std::nullopt};
}

void PluginDestination::change_audience(std::int32_t action, std::string_view audience_ref,
                                        std::string_view name) {
  const auto& table =
      extension<muster_audience_1>(MUSTER_AUDIENCE_1, MUSTER_SIZE_UP_TO(muster_audience_1, change));
  call([&](muster_error* error) {
    return table.change(instance_, action, to_text(audience_ref), to_text(name), error);
  });
}

CallEstimate PluginDestination::estimate(const EstimateRequest& request) {
  const auto& table = extension<muster_estimate_1>(MUSTER_ESTIMATE_1,
                                                   MUSTER_SIZE_UP_TO(muster_estimate_1, estimate));
  const muster_estimate_request c_request{
      sizeof(muster_estimate_request),
      request.create_missing ? std::uint32_t{MUSTER_SYNC_CREATE_MISSING} : 0U,
      to_text(request.kind),
      request.adds,
      request.adds_by_record,
      request.removes,
      request.missing.value_or(UINT64_MAX),
      request.audience_size,
      request.verify ? 1U : 0U,
      request.has_audience ? 1U : 0U,
      request.updates};
  muster_estimate estimate{};
  estimate.struct_size = sizeof estimate;
  call(
      [&](muster_error* error) { return table.estimate(instance_, &c_request, &estimate, error); });
  return {std::min(estimate.calls, kMostCalls), estimate.requests_per_window,
          bounded_time(estimate.window_ms)};
}

}  // namespace muster
