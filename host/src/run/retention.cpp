#include "run/retention.hpp"

#include <string>

#include "run/report.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kKeepChanges{24 * 400};
//! It looks at every change that there is.
constexpr std::chrono::hours kBetweenLooks{24 * 7};

Instant last_instant(const RunRow& run) { return run.finished.value_or(run.started); }

}  // namespace

void forget_old_reports(Store& store, const fs::path& directory, Milliseconds keep, Instant now) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const auto run = run_of_report(entry.path());
    if (!run) continue;
    const auto row = store.run(*run);
    const bool is_old =
        row ? last_instant(*row) + keep < now
            : entry.last_write_time(ignored) + keep < fs::file_time_type::clock::now();
    if (is_old && !ignored) fs::remove(entry.path(), ignored);
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
