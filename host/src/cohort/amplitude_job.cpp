#include "cohort/amplitude_job.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "cohort/source.hpp"

namespace muster {
namespace {

// Others report 30 to 60 seconds whatever the size; some pollers ask every second.
constexpr Milliseconds kFirstPoll{1'000};
constexpr Milliseconds kLongestPoll{15'000};
constexpr Milliseconds kRarestPoll{60'000};  // of what takes unusually long
constexpr Milliseconds kLeastWait = std::chrono::minutes(2);
constexpr Milliseconds kLongestWait = std::chrono::hours(1);
constexpr Milliseconds kAskAgain = std::chrono::minutes(5);

}  // namespace

std::string utc(Instant instant) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(instant)));
}

EndedJob await_job(AmplitudeApi& api, const SourceEnvironment& environment,
                   const AmplitudeDownload& download, const std::string& where) {
  const auto began = environment.waiting.began(environment.clock);
  for (;;) {
    const auto response =
        api.get(fmt::format("/api/5/cohorts/request-status/{}", url_encoded(download.id)));
    const bool says_failed = response.body.find("FAILED") != std::string::npos;
    if (response.status == 404) return {JobEnd::kUnknown};
    if (response.status == 200 && !says_failed) return {JobEnd::kDone};
    if (response.status != 202 || says_failed) {
      const auto details = AmplitudeApi::details_of(response);
      return {JobEnd::kFailed,
              fmt::format("status {}{}{}", response.status, details.empty() ? "" : ": ", details)};
    }
    const auto waited = environment.clock.elapsed() - began;
    // Whom nobody asked about for days may need a moment to tell.
    if (waited >= kLeastWait && environment.clock.now() - download.asked >= kLongestJob) {
      return {JobEnd::kNever};
    }
    auto computing =
        Error(ErrorKind::kLater, "amplitude.still_computing",
              fmt::format("Amplitude is still computing the cohort that was asked for at {}",
                          utc(download.asked)))
            .at(where)
            .with_hint(fmt::format(
                "run again later: the same download is picked up, and given up {} hours after it "
                "was asked for",
                std::chrono::duration_cast<std::chrono::hours>(kLongestJob).count()));
    if (waited >= kLongestWait) throw SourceWaits(std::move(computing), kAskAgain);
    const auto pause = std::max(std::clamp(waited / 2, kFirstPoll, kLongestPoll),
                                std::min(waited / 20, kRarestPoll));
    environment.waiting.await(environment.clock, computing, pause, kLongestWait);
  }
}

}  // namespace muster
