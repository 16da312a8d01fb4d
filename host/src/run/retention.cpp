#include "run/retention.hpp"

#include <string>

namespace muster {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kKeepChanges{24 * 400};
//! It looks at every change that there is.
constexpr std::chrono::hours kBetweenLooks{24 * 7};

}  // namespace

void forget_old_reports(const fs::path& directory, Milliseconds keep) {
  const auto oldest = fs::file_time_type::clock::now() - keep;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const auto written = entry.last_write_time(ignored);
    if (entry.path().extension() == ".csv" && !ignored && written < oldest) {
      fs::remove(entry.path(), ignored);
    }
  }
}

void forget_old_changes(Store& store, Instant now) {
  constexpr const char* kForgotten = "changes.forgotten";
  const auto stamp = std::to_string(now.time_since_epoch() / kBetweenLooks);
  if (store.value(kForgotten) == stamp) return;
  store.forget_changes(now - kKeepChanges);
  store.put_value(kForgotten, stamp);
}

}  // namespace muster
