#include "destination/map_call.hpp"

#include <utility>

#include "base/text.hpp"
#include "destination/call.hpp"
#include "destination/text.hpp"

namespace muster {
namespace {

constexpr std::size_t kLongestIdentifier = 4'096;  // as destination.h says

struct Collector {
  std::vector<MappedIdentifier> results;
  const Descriptor& descriptor;
  Callbacks callbacks{};
  bool faulty = false;

  bool is_open(std::size_t index) const {
    return index < results.size() && results[index].canonical.empty() &&
           results[index].reason.empty();
  }
  static void mapped(void* context, std::size_t index, muster_text canonical) noexcept {
    auto& self = *static_cast<Collector*>(context);
    self.callbacks.run([&] {
      const bool too_long = canonical.size > kLongestIdentifier;
      const bool sane =
          self.is_open(index) && canonical.size > 0 && (too_long || is_utf8(view(canonical)));
      self.faulty |= !sane;
      if (!sane) return;
      if (too_long) {
        self.results[index].reason = known_reason({}, {});
      } else {
        self.results[index].canonical = view(canonical);
      }
    });
  }
  static void rejected(void* context, std::size_t index, muster_text reason) noexcept {
    auto& self = *static_cast<Collector*>(context);
    self.callbacks.run([&] {
      const bool sane = self.is_open(index) && reason.size > 0;
      if (sane) self.results[index].reason = known_reason(self.descriptor.reasons, view(reason));
      self.faulty |= !sane;
    });
  }
};

}  // namespace

std::vector<MappedIdentifier> map_by(const Plugin& plugin, void* instance, std::string_view kind,
                                     std::span<const std::string_view> values) {
  std::vector<muster_text> texts;
  texts.reserve(values.size());
  for (const auto value : values) texts.push_back(to_text(value));
  Collector collector{std::vector<MappedIdentifier>(values.size()), plugin.descriptor};
  const muster_map_request request{sizeof(muster_map_request), 0, to_text(kind), texts.data(),
                                   texts.size()};
  const muster_map_sink sink{sizeof(muster_map_sink), 0, &collector, &Collector::mapped,
                             &Collector::rejected};
  // Not `call`: mapping is pure and concurrent, and must not touch what the services kept.
  call_hook(
      collector.callbacks,
      [&](muster_error* error) {
        return plugin.table.map_identifiers(instance, &request, &sink, error);
      },
      values);
  if (collector.callbacks.called_from_elsewhere()) throw called_from_elsewhere(plugin.descriptor);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (collector.is_open(i)) collector.faulty = true;
  }
  if (collector.faulty) {
    throw plugin_fault(plugin.descriptor, "not exactly one answer for each identifier");
  }
  return std::move(collector.results);
}

}  // namespace muster
