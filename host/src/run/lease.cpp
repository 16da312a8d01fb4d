#include "run/lease.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/error.hpp"

namespace muster {
namespace {

// A dead process on this machine is noticed at once; the time matters to others that share the
// state's disk.
constexpr Milliseconds kTimeToLive{120'000};
constexpr Milliseconds kRenewAfter{30'000};

Error busy(std::string message) {
  return Error(ErrorKind::kBusy, "run.busy", std::move(message))
      .with_hint("wait for it to end; `muster history` shows it");
}

Error taken_over() { return busy("another run took this sync over while this one was suspended"); }

std::string first_line(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

//! When the process began, in the kernel's ticks since boot (proc(5), stat, field 22).
std::string start_of(pid_t process) {
  const auto stat = first_line(fmt::format("/proc/{}/stat", process).c_str());
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

//! Where a process number means what it means here: containers of one machine may share its name
//! and its boot, but have processes of their own.
std::string machine() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  std::error_code unknown;
  const auto processes = std::filesystem::read_symlink("/proc/self/ns/pid", unknown).string();
  return fmt::format("{}/{}/{}", name.data(), first_line("/proc/sys/kernel/random/boot_id"),
                     processes);
}

}  // namespace

std::string this_process_as_owner(std::string_view worker) {
  return fmt::format("{}/{}/{}{}{}", machine(), ::getpid(), start_of(::getpid()),
                     worker.empty() ? "" : "/", worker);
}

bool is_known_dead(const std::string& owner) {
  const auto prefix = machine() + '/';
  if (!owner.starts_with(prefix)) return false;
  std::istringstream rest(owner.substr(prefix.size()));
  pid_t process = 0;
  char slash = 0;
  std::string start;
  if (!(rest >> process >> slash) || !std::getline(rest, start, '/') || process <= 0) return false;
  if (::kill(process, 0) != 0 && errno == ESRCH) return true;
  return start_of(process) != start;  // the number was given to another process since
}

Lease::Lease(Store& store, Clock& clock, SyncId sync, std::string owner)
    : store_(store),
      clock_(clock),
      sync_(sync),
      owner_(std::move(owner)),
      renewed_(clock.elapsed()),
      renewed_at_(clock.now()) {
  if (store_.take_lease(sync_, owner_, clock_.now(), kTimeToLive)) return;
  const auto holder = store_.lease_owner(sync_);
  if (holder && is_known_dead(*holder) &&
      store_.take_over_lease(sync_, *holder, owner_, clock_.now(), kTimeToLive)) {
    return;
  }
  throw busy("another run of this sync is in progress");
}

Lease::~Lease() {
  try {
    store_.release_lease(sync_, owner_);
  } catch (const Error&) {
    // Nothing is lost: it runs out, and this process will be known to be dead.
  }
}

void Lease::require() const {
  if (store_.lease_owner(sync_) != owner_) throw taken_over();
}

void Lease::keep() {
  const auto now = clock_.elapsed();
  // Also by the wall clock: a suspended machine's other clock stands still, the lease does not.
  const bool fresh = now - renewed_ < kRenewAfter && clock_.now() - renewed_at_ < kRenewAfter;
  if (fresh) return;
  if (!store_.renew_lease(sync_, owner_, clock_.now(), kTimeToLive)) {
    throw taken_over();
  }
  renewed_ = now;
  renewed_at_ = clock_.now();
}

}  // namespace muster
