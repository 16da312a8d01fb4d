#include "run/record_lookup.hpp"

#include <algorithm>
#include <utility>

namespace muster {
namespace {

//! So few that whoever waits sees it move, so many that the destination's requests overlap.
constexpr std::size_t kLookUpBatch = 2'000;

}  // namespace

void look_up_each(const LookupParts& parts, std::size_t count,
                  const std::function<std::string(std::size_t)>& identifier,
                  const std::function<void(std::size_t, std::string)>& found,
                  const std::function<void(std::size_t)>& on_progress,
                  const std::function<void(std::size_t)>& refused) {
  const auto batch_size =
      std::min<std::size_t>(parts.destination.descriptor().max_batch, kLookUpBatch);
  std::vector<std::string> batch;
  if (count > 0 && on_progress) on_progress(0);
  for (std::size_t begin = 0; begin < count; begin += batch_size) {
    const auto end = std::min(count, begin + batch_size);
    batch.clear();
    for (auto i = begin; i < end; ++i) batch.push_back(identifier(i));
    const std::vector<std::string_view> views(batch.begin(), batch.end());
    std::vector<std::size_t> unknown;
    auto records = parts.patience.ask([&] {
      unknown.clear();
      return parts.destination.look_up(parts.kind, views, refused ? &unknown : nullptr);
    });
    std::sort(unknown.begin(), unknown.end());
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (std::binary_search(unknown.begin(), unknown.end(), i)) {
        refused(begin + i);
      } else {
        found(begin + i, std::move(records[i]));
      }
    }
    parts.patience.progress();
    if (on_progress) on_progress(end);
  }
}

std::vector<std::string> look_up_all(const LookupParts& parts,
                                     const std::vector<std::string>& identifiers) {
  std::vector<std::string> records(identifiers.size());
  look_up_each(
      parts, identifiers.size(), [&](std::size_t i) { return identifiers[i]; },
      [&](std::size_t i, std::string record) { records[i] = std::move(record); });
  return records;
}

}  // namespace muster
