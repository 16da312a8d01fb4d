// `muster serve`: a worker for each connection, each on a thread of its own with a workspace of its
// own, and an eye on muster.yaml; until the cancellation is requested. One at a time per workspace.
#pragma once

#include "run/workspace.hpp"
#include "schedule/serve_observer.hpp"

namespace muster {

//! Serves the workspace in `directory` until `environment.cancellation` is requested and every run
//! in hand has come to its stop. Throws Error before the first run when it can't be served: its
//! muster.yaml, a secret's reference, a plugin, the state, or another daemon (kBusy).
//! `environment`'s clock must be thread-safe.
void serve(const std::filesystem::path& directory, const WorkspaceEnvironment& environment,
           ServeObserver& observer);

//! That a workspace is served, until destroyed; told from a dead process's by the kernel.
class ServeLock {
 public:
  //! Throws Error kBusy when another process serves the workspace.
  explicit ServeLock(const std::filesystem::path& state_directory);
  ~ServeLock();
  ServeLock(const ServeLock&) = delete;
  ServeLock& operator=(const ServeLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace muster
