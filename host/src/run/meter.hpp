// What a run costs: calls, waits and time since it began.
#pragma once

#include "base/clock.hpp"
#include "destination/destination.hpp"
#include "state/rows.hpp"

namespace muster {

class Meter {
 public:
  Meter(Clock& clock, const Destination& destination)
      : clock_(clock),
        destination_(destination),
        began_(clock.elapsed()),
        before_(destination.usage()) {}

  void read(RunFigures& figures) const {
    const auto usage = destination_.usage();
    figures.calls = usage.calls - before_.calls;
    figures.throttled = usage.throttled - before_.throttled;
    figures.duration = clock_.elapsed() - began_;
  }

 private:
  Clock& clock_;
  const Destination& destination_;
  Milliseconds began_;
  Destination::Usage before_;
};

}  // namespace muster
