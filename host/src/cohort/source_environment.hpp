// What a source takes from outside: time, the network, and what a long wait must mind.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancellation.hpp"
#include "base/clock.hpp"
#include "base/transport.hpp"

namespace muster {

//! What to mind while a source waits. One thread.
struct Waiting {
  const Cancellation* cancellation = nullptr;  //!< nullptr: nobody can end the wait
  //! Called at least every second of a wait, so that whoever holds a lease keeps it; what it throws
  //! ends the reading.
  std::function<void()> heartbeat = {};

  //! Throws Error kInterrupted when the user wants to end; else beats.
  void check() const;
  //! Sleeps on `clock`, but for the user's wish to end.
  void sleep(Clock& clock, Milliseconds duration) const;
};

//! What sources remember from one run to the next, in the state. One thread.
class SourceMemory {
 public:
  virtual ~SourceMemory() = default;
  virtual std::optional<std::string> get(std::string_view key) = 0;
  //! Replaces the value by what `change` makes of it; nothing forgets it. Atomic among processes.
  using Change = std::function<std::optional<std::string>(const std::optional<std::string>&)>;
  virtual void update(std::string_view key, const Change& change) = 0;
  //! A name for `secret` that doesn't tell it: a keyed hash, the same in every run.
  virtual std::string name_of(std::string_view secret) = 0;
};

//! Borrowed by a source for its life.
struct SourceEnvironment {
  Clock& clock;
  std::function<std::unique_ptr<Transport>()> make_transport;
  SourceMemory& memory;
  Waiting waiting;
  //! What costs to be asked for, and was read before, is good enough if it was asked for then or
  //! later, as for another try of a run that failed; nothing: it is asked for anew.
  std::optional<Instant> again_since = {};
};

}  // namespace muster
