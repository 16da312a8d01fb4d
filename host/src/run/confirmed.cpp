#include "run/confirmed.hpp"

#include <algorithm>
#include <charconv>

namespace muster {
namespace {

std::string key_of(const std::string& sync) { return "confirmed/" + sync; }

RunId confirmed_outside_runs(Store& store, const std::string& sync) {
  const auto kept = store.value(key_of(sync)).value_or("");
  std::int64_t run = 0;
  std::from_chars(kept.data(), kept.data() + kept.size(), run);
  return RunId{run};
}

}  // namespace

RunId confirmed_until(Store& store, const std::string& sync) {
  return std::max(store.last_proved_run(sync), confirmed_outside_runs(store, sync));
}

void keep_confirmed(Store& store, const std::string& sync) {
  const auto newest = store.runs(sync, 1);
  if (newest.empty() || newest.front().id <= confirmed_until(store, sync)) return;
  store.put_value(key_of(sync), std::to_string(static_cast<std::int64_t>(newest.front().id)));
}

}  // namespace muster
