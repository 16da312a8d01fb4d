#include "cohort/amplitude_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace muster {
namespace {

// A link that runs out after a minute is asked for again, a few times (amplitude/api.md §1.5).
constexpr int kMostLinks = 4;
constexpr Milliseconds kSlice{50};
constexpr Milliseconds kLongestSilence{60'000};
constexpr Milliseconds kLongestDownload{6 * 3'600'000};

}  // namespace

AmplitudeFile::AmplitudeFile(AmplitudeApi& api, const SourceEnvironment& environment,
                             const std::string& request_id)
    : api_(api), environment_(environment) {
  try {
    fetch(request_id);
  } catch (...) {
    abandon();
    throw;
  }
}

AmplitudeFile::~AmplitudeFile() { abandon(); }

void AmplitudeFile::fetch(const std::string& request_id) {
  const auto target = fmt::format("/api/5/cohorts/request/{}/file", url_encoded(request_id));
  for (int links = 1;; ++links) {
    auto answer = begin(api_.request(target));
    if (!answer) return;
    if (answer->outcome != HttpOutcome::kAnswered) lose(answer->error);
    if (answer->status >= 301 && answer->status <= 308) {
      answer = begin(link_request(*answer));
      if (!answer) return;
      if (answer->outcome != HttpOutcome::kAnswered) lose(answer->error);
      // The link ran out: Amplitude makes another for the same job, at no cost.
      if (answer->status == 403 && links < kMostLinks) continue;
      refuse_what_passes(*answer);
      refuse_what_is_gone(*answer);
      throw Error(ErrorKind::kLater, kNoFile,
                  fmt::format("the cohort's file is refused with status {}", answer->status))
          .at(api_.shown())
          .with_hint("nothing was sent; run again: the same download is picked up");
    }
    refuse_what_passes(*answer);
    refuse_what_is_gone(*answer);
    api_.check_named_keys(*answer);
    throw api_.failure(*answer, "the cohort's file is not given");
  }
}

void AmplitudeFile::refuse_what_passes(const HttpResponse& answer) const {
  if (answer.status >= 500 || answer.status == 429) lose(fmt::format("status {}", answer.status));
}

void AmplitudeFile::refuse_what_is_gone(const HttpResponse& answer) const {
  if (answer.status != 404 && answer.status != 410) return;
  throw Error(
      ErrorKind::kFailed, "amplitude.file_gone",
      fmt::format("Amplitude does not have the cohort's file any more (status {})", answer.status))
      .at(api_.shown())
      .with_hint("nothing was sent; run again: the cohort is asked for anew");
}

//! Nothing may come in any more: it would come to an object that is gone.
void AmplitudeFile::abandon() noexcept {
  if (ended_) return;
  api_.transport().cancel_all();
  while (api_.transport().next(environment_.clock.elapsed())) {
  }
  ended_ = true;
}

//! Sends a request whose answer goes to the buffer when it is the file. Nothing when it has begun
//! to come; else the answer.
std::optional<HttpResponse> AmplitudeFile::begin(HttpRequest request) {
  ended_ = false;
  last_bytes_ = environment_.clock.elapsed();
  request.timeout = kLongestDownload;
  request.on_body = [this](std::string_view bytes) {
    buffer_ += bytes;
    received_ += bytes.size();
    last_bytes_ = environment_.clock.elapsed();
  };
  api_.transport().start(std::move(request), 0);
  while (buffer_.empty()) {
    if (auto response = pump()) {
      if (response->outcome == HttpOutcome::kAnswered && response->status == 200) return {};
      return response;
    }
  }
  return {};
}

//! Minds the network for a moment; the response when it is complete.
std::optional<HttpResponse> AmplitudeFile::pump() {
  environment_.waiting.check();
  auto response = api_.transport().next(environment_.clock.elapsed() + kSlice);
  if (response) {
    ended_ = true;
  } else if (environment_.clock.elapsed() - last_bytes_ > kLongestSilence) {
    lose("no bytes for a minute");
  }
  return response;
}

//! By hand, without the Authorization header: it would give the key away, and the second origin
//! refuses it (amplitude/api.md §1.5).
HttpRequest AmplitudeFile::link_request(const HttpResponse& redirect) const {
  HttpRequest request;
  request.url = std::string(redirect.header("Location"));
  // On this machine there is the simulator alone.
  const bool simulated = is_loopback(request.url) && is_loopback(api_.request("").url);
  if (request.url.starts_with("https://") || simulated) return request;
  throw Error(ErrorKind::kFailed, kBadLink,
              "Amplitude sends to an address that is not https for the cohort's file")
      .at(api_.shown())
      .with_hint("nothing was sent; a proxy may have answered in its place");
}

void AmplitudeFile::lose(const std::string& why) const {
  throw SourceLost(Error(ErrorKind::kLater, "amplitude.download_broken",
                         fmt::format("the download of the cohort broke off: {}", why))
                       .at(api_.shown())
                       .with_hint("nothing was sent; run again: the same download is picked up"));
}

std::size_t AmplitudeFile::read(char* to, std::size_t size) {
  while (consumed_ == buffer_.size()) {
    buffer_.clear();
    consumed_ = 0;
    if (ended_) return 0;
    const auto response = pump();
    if (response && response->outcome != HttpOutcome::kAnswered) lose(response->error);
  }
  const auto count = std::min(size, buffer_.size() - consumed_);
  std::memcpy(to, buffer_.data() + consumed_, count);
  consumed_ += count;
  return count;
}

}  // namespace muster
