#include "run/cut_off_state.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "run/report.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;

//! SQLite takes a shorter file for an empty one (fileformat.html, "The Database Header").
constexpr std::uintmax_t kHeader = 100;

//! 0 where there is none.
std::uintmax_t size_of(const fs::path& file) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

//! The key is made once there is a state, and reports by its runs.
bool was_in_use(const fs::path& directory) {
  std::error_code failed;
  return fs::exists(directory / "vault.key", failed) ||
         first_run_without_report(directory / "reports") > RunId{1};
}

}  // namespace

void refuse_cut_off_state(const fs::path& directory) {
  const auto file = directory / "state.db";
  std::error_code failed;
  if (!fs::exists(file, failed) || size_of(file) >= kHeader) return;
  // A state so young that it lies in its log alone.
  if (size_of(directory / "state.db-wal") > 0 || !was_in_use(directory)) return;
  throw Error(ErrorKind::kFailed, "state.cut_off",
              fmt::format("the state was cut off: {} bytes are left of it", size_of(file)))
      .at(file.string())
      .with_hint(
          "put a copy of it back; without one, delete the file and run each sync once with --full; "
          "nothing was changed");
}

}  // namespace muster
