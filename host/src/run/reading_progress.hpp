// How far the reading of a cohort has come, as a run tells it.
#pragma once

#include "cohort/source.hpp"
#include "run/run_context.hpp"

namespace muster {

//! `rows` so far; how many there are in all is worked out from the share of the bytes that is read,
//! where the source knows it.
inline RunProgress reading_progress(std::uint64_t rows, const Source::Progress& source) {
  RunProgress progress{RunProgress::Phase::kReading, rows, 0};
  if (source.done > 0 && source.total > source.done) {
    const auto share = static_cast<double>(source.done) / static_cast<double>(source.total);
    progress.total = static_cast<std::uint64_t>(static_cast<double>(rows) / share);
  }
  return progress;
}

}  // namespace muster
