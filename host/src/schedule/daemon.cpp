#include "schedule/daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "schedule/config_watch.hpp"
#include "schedule/connection_worker.hpp"
#include "schedule/push_intake.hpp"
#include "schedule/source_budget.hpp"

namespace muster {
namespace {

constexpr Milliseconds kSlice{200};  // how late a signal may be noticed
constexpr Milliseconds kLookAtConfig{1'000};

//! A worker on its thread.
class Thread {
 public:
  Thread(std::unique_ptr<ConnectionWorker> worker, Clock& clock, const Cancellation& cancellation,
         ServeObserver& observer)
      : worker_(std::move(worker)),
        clock_(clock),
        cancellation_(cancellation),
        observer_(observer),
        thread_([this] { run(); }) {}
  ~Thread() {
    retire();
    thread_.join();
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  const std::string& connection() const { return worker_->connection(); }
  void offer(WorkspaceConfig config) {
    const std::lock_guard lock(mutex_);
    offered_ = std::move(config);
  }
  //! Ends after the run in hand.
  void retire() { retired_.store(true); }
  bool has_ended() const { return ended_.load(); }

 private:
  void run() {
    while (!is_over()) {
      if (auto config = take_offered()) worker_->adopt(std::move(*config));
      const auto again = step();
      while (!is_over() && !is_offered() && clock_.now() < again) {
        clock_.sleep_for(std::min(kSlice, again - clock_.now()));
      }
    }
    ended_.store(true);
  }

  Instant step() {
    try {
      return worker_->step();
    } catch (const std::exception&) {
      // Nobody vouches that its text holds no secret.
      observer_.on_trouble(connection(), Error(ErrorKind::kFailed, "host.failed",
                                               "muster failed unexpectedly in this connection")
                                             .with_hint("this is a bug: please report it"));
      return clock_.now() + std::chrono::minutes(1);
    }
  }

  bool is_over() const { return cancellation_.requested() || retired_.load(); }
  bool is_offered() {
    const std::lock_guard lock(mutex_);
    return offered_.has_value();
  }
  std::optional<WorkspaceConfig> take_offered() {
    const std::lock_guard lock(mutex_);
    return std::exchange(offered_, std::nullopt);
  }

  std::unique_ptr<ConnectionWorker> worker_;
  Clock& clock_;
  const Cancellation& cancellation_;
  ServeObserver& observer_;
  std::mutex mutex_;
  std::optional<WorkspaceConfig> offered_;
  std::atomic<bool> retired_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;  // last: it uses the others
};

//! The threads that a configuration asks for.
class Crew {
 public:
  Crew(const WorkspaceEnvironment& environment, ServeObserver& observer)
      : environment_(environment), observer_(observer) {}

  void adopt(const WorkspaceConfig& config) {
    for (auto& thread : threads_) {
      if (has(config, thread->connection())) {
        thread->offer(config);
      } else {
        thread->retire();
      }
    }
    wanted_ = config;
    man();
  }

  //! Begins what is missing; a connection that was taken out and came back waits for its former
  //! worker to end.
  void man() {
    std::erase_if(threads_, [](const auto& thread) { return thread->has_ended(); });
    if (!wanted_) return;
    for (const auto& connection : wanted_->connections) {
      const bool is_there = std::any_of(threads_.begin(), threads_.end(), [&](const auto& thread) {
        return thread->connection() == connection.name;
      });
      if (is_there) continue;
      threads_.push_back(std::make_unique<Thread>(
          std::make_unique<ConnectionWorker>(connection.name, *wanted_, environment_, observer_),
          environment_.clock, environment_.cancellation, observer_));
    }
  }

 private:
  static bool has(const WorkspaceConfig& config, const std::string& name) {
    return std::any_of(config.connections.begin(), config.connections.end(),
                       [&](const auto& connection) { return connection.name == name; });
  }

  const WorkspaceEnvironment& environment_;
  ServeObserver& observer_;
  std::optional<WorkspaceConfig> wanted_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

//! What can be known to be wrong is told before anything begins.
void check(Workspace& workspace) {
  check_cadences(workspace.config());
  check_source_budgets(workspace);
  workspace.store();
  workspace.vault();
  for (const auto& connection : workspace.config().connections) {
    static_cast<void>(workspace.open(connection));
  }
  for (const auto& sync : workspace.config().syncs) static_cast<void>(workspace.rules(sync));
}

}  // namespace

ServeLock::ServeLock(const std::filesystem::path& state_directory) {
  const auto file = state_directory / "serve.lock";
  descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ < 0) {
    throw Error(ErrorKind::kFailed, "serve.lock",
                fmt::format("can't make the file: {}", std::generic_category().message(errno)))
        .at(file.string())
        .with_hint("check that you may write to the workspace, and that the disk is not full");
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(descriptor_);
  throw Error(ErrorKind::kBusy, "serve.busy", "another `muster serve` runs in this workspace")
      .at(file.string())
      .with_hint("it needs one alone; stop the other one first");
}

ServeLock::~ServeLock() { ::close(descriptor_); }

void serve(const std::filesystem::path& directory, const WorkspaceEnvironment& environment,
           ServeObserver& observer) {
  ConfigWatch watch(directory);  // before the file is read: no change may slip between
  const auto config = read_workspace(directory);
  auto first = std::make_unique<Workspace>(config, environment);
  check(*first);
  const ServeLock lock(first->state_directory());
  PushIntake intake(first->inbox_file(),
                    Vault::open(first->state_directory(), Vault::IfMissing::kRefuse),
                    environment.clock);
  first.reset();
  intake.adopt(config);
  observer.on_serving(config);
  Crew crew(environment, observer);
  crew.adopt(config);
  auto looked = environment.clock.elapsed();
  while (!environment.cancellation.requested()) {
    environment.clock.sleep_for(kSlice);
    if (environment.clock.elapsed() - looked < kLookAtConfig) continue;
    looked = environment.clock.elapsed();
    try {
      if (auto changed = watch.changed()) {
        Workspace trial(*changed, environment);
        check(trial);
        intake.adopt(*changed);
        crew.adopt(*changed);
        observer.on_config_taken();
      }
      crew.man();
    } catch (const Error& error) {
      observer.on_config_refused(error);
    }
  }
}

}  // namespace muster
