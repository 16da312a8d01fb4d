// The job that computes a download at Amplitude: waited for, and given up when it never ends
// (amplitude/api.md §1.5, step 2). One thread.
#pragma once

#include <string>

#include "cohort/amplitude_api.hpp"
#include "cohort/amplitude_download.hpp"

namespace muster {

//! A download that is older and still not computed is taken for one that never will be: others
//! report a minute, and each further hour would keep the cohort as it was.
inline constexpr Milliseconds kLongestJob = std::chrono::hours(6);

enum class JobEnd {
  kDone,
  kUnknown,  //!< Amplitude does not know it
  kFailed,
  kNever,  //!< it runs on after `kLongestJob`
};

struct EndedJob {
  JobEnd end;
  std::string told{};  //!< of kFailed: Amplitude's answer
};

//! Waits until the job has ended, for an hour at most: throws SourceWaits then, and SourceNotReady
//! where it may not wait. `where`: of the cohort in muster.yaml.
EndedJob await_job(AmplitudeApi& api, const SourceEnvironment& environment,
                   const AmplitudeDownload& download, const std::string& where);

//! An instant for people: "2026-11-24 10:30 UTC".
std::string utc(Instant instant);

}  // namespace muster
