// What a source takes from outside: time, the network, and what a long wait must mind.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancellation.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/transport.hpp"

namespace muster {

//! What the attempts of one run share, where it does not wait in place: whoever runs it has other
//! work, and tries again (SourceNotReady). One thread.
struct Attempts {
  Milliseconds left{5'000};             //!< to wait in place, for all of them together
  std::optional<Milliseconds> began{};  //!< when the waiting did, by Clock::elapsed
  std::map<std::string, int> tries{};   //!< requests that failed, by their target
  std::string asked_id{};               //!< of what one of them asked for
  std::optional<Instant> given_up{};    //!< when what one of them gave up was asked for
};

//! What to mind while a source waits. One thread.
struct Waiting {
  const Cancellation* cancellation = nullptr;  //!< nullptr: nobody can end the wait
  //! Called at least every second of a wait, so that whoever holds a lease keeps it; what it throws
  //! ends the reading.
  std::function<void()> heartbeat = {};
  Attempts* attempts = nullptr;  //!< nullptr: waits in place, however long
  //! Called before a longer wait in place: a sentence of what is waited for, and how long at most.
  std::function<void(const std::string&)> tell = {};

  //! Throws Error kInterrupted when the user wants to end; else beats.
  void check() const;
  //! Sleeps on `clock`, but for the user's wish to end.
  void sleep(Clock& clock, Milliseconds duration) const;
  //! The same for something outside, `reason`; throws SourceNotReady where others have work to do
  //! meanwhile. `at_most`: how long all of the waiting for it may take.
  void await(Clock& clock, const Error& reason, Milliseconds duration, Milliseconds at_most) const;
  //! When this run began to wait: now, unless an attempt before did.
  Milliseconds began(const Clock& clock) const;
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
