#include "cohort/amplitude_source.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "cohort/amplitude_file.hpp"

namespace muster {
namespace {

namespace json = boost::json;

// Others report 30 to 60 seconds whatever the size; some pollers ask every second.
constexpr Milliseconds kFirstPoll{1'000};
constexpr Milliseconds kLongestPoll{15'000};
constexpr Milliseconds kLongestJob = std::chrono::hours(1);
constexpr Milliseconds kAskAgain = std::chrono::minutes(5);
constexpr Milliseconds kFirstPause{1'000};

//! Columns that every file has (amplitude/api.md §1.6).
bool is_given_anyway(const std::string& column) {
  return is_alias(column, "user_id") || is_alias(column, "amplitude_id");
}

std::string encoded(std::string_view text) {
  std::string coded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    coded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return coded;
}

std::string utc(Instant instant) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(instant)));
}

}  // namespace

AmplitudeSource::AmplitudeSource(AmplitudeOptions options, SourceEnvironment environment)
    : options_(std::move(options)), environment_(std::move(environment)) {
  form_.delimiter = ',';
  form_.id_column = options_.id_column;
  form_.header = CsvForm::Header::kPresent;
  // Whether property columns carry it is not documented (amplitude/api.md §1.6).
  form_.column_prefix = "gp:";
}

AmplitudeApi& AmplitudeSource::api() {
  if (!api_) {
    api_.emplace(options_.project, environment_);
    budget_.emplace(environment_, api_->name());
  }
  return *api_;
}

void AmplitudeSource::open(const Columns& columns) {
  if (opened_ > 0) environment_.waiting.sleep(environment_.clock, kFirstPause * (1 << opened_));
  ++opened_;
  table_.reset();
  at_end_ = false;
  properties_ = options_.properties;
  const auto want = [&](const std::string& column) {
    const bool known = std::any_of(properties_.begin(), properties_.end(),
                                   [&](const auto& other) { return is_alias(other, column); });
    if (!known && !is_given_anyway(column)) properties_.push_back(column);
  };
  want(columns.identifier);
  for (const auto& property : columns.properties) want(property);
  if (options_.id_column) want(*options_.id_column);
  std::sort(properties_.begin(), properties_.end());

  api();
  remembered_.emplace(environment_, key());
  download_ = remembered_->get();
  const bool picked_up = download_.has_value();
  if (!picked_up) ask();
  if (!wait_until_done()) {
    forget();
    if (!picked_up) {
      throw job_lost();
    }
    // What an earlier run asked for is gone: asked for anew.
    ask();
    if (!wait_until_done()) refuse_cohort(std::nullopt);
  }
  as_of_ = download_->as_of;
  try {
    auto file = std::make_unique<AmplitudeFile>(*api_, environment_, download_->id);
    const auto name = fmt::format("cohort {} of {}", options_.cohort, api_->shown());
    table_.emplace(unpacked(std::move(file), name), name, form_, columns, ragged_);
  } catch (const Error& error) {
    forget_if_unusable(error);
    throw;
  }
}

//! A file that is gone, damaged or lacks a column stays so: another request may give a better one.
//! What breaks off, or has to wait, goes on with the same.
void AmplitudeSource::forget_if_unusable(const Error& error) {
  const bool same_again = error.code().starts_with("amplitude.") && error.code() != kFileGone;
  if (error.kind() == ErrorKind::kFailed && !same_again) forget();
}

Error AmplitudeSource::job_lost() const {
  return Error(ErrorKind::kFailed, "amplitude.job_lost",
               "Amplitude does not know the download that it began a moment ago")
      .at(api_->shown())
      .with_hint("run again later");
}

std::string AmplitudeSource::key() const {
  std::string asked;
  for (const auto& property : properties_) asked += '&' + encoded(property);
  return fmt::format("amplitude/download/{}/{}{}", api_->name(), options_.cohort, asked);
}

void AmplitudeSource::forget() {
  if (download_) remembered_->forget(download_->id);
}

void AmplitudeSource::ask_for_usage() {
  const auto response = api_->get("/api/3/cohorts/usage");
  if (response.status != 200) return;  // our own count has to do
  json::error_code failed;
  const auto parsed = json::parse(response.body, failed);
  if (failed || !parsed.is_object()) return;
  const auto* nested = parsed.get_object().if_contains("rest_download");
  const auto& fields =
      nested != nullptr && nested->is_object() ? nested->get_object() : parsed.get_object();
  const auto* used = fields.if_contains("usage");
  if (used == nullptr) used = fields.if_contains("count");
  const auto* limit = fields.if_contains("limit");
  if (used == nullptr || limit == nullptr || !used->is_int64() || !limit->is_int64()) return;
  if (used->get_int64() < 0 || limit->get_int64() <= 0) return;
  budget_->learn(static_cast<std::uint64_t>(used->get_int64()),
                 static_cast<std::uint64_t>(limit->get_int64()));
}

//! Step 1, which costs a download of the month's budget.
void AmplitudeSource::ask() {
  try {
    ask_for_usage();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    // The budget can be counted without it; what is wrong, the next call tells.
  }
  budget_->await_turn();
  AmplitudeDownload download;
  look_at_list(download);
  download.id = request_id();
  download.asked = environment_.clock.now();
  if (download.as_of) download.as_of = std::min(*download.as_of, download.asked);
  asked_id_ = download.id;
  remembered_->put(download);
  download_ = std::move(download);
}

std::string AmplitudeSource::request_id() {
  std::string target = fmt::format("/api/5/cohorts/request/{}", encoded(options_.cohort));
  target += properties_.empty() ? "?props=0" : "?props=1";
  for (const auto& property : properties_) target += "&propKeys=" + encoded(property);
  const auto response =
      api_->get(target, {[this] {
                           budget_->await_turn();
                           budget_->spend();
                         },
                         [this](const auto& answer) { budget_->give_back_if_refused(answer); }});
  if (response.status != 200 && response.status != 202) refuse(response);
  const auto answer = api_->json_of(response);
  const auto* id = answer.if_contains("request_id");
  if (id == nullptr || !id->is_string()) {
    throw api_->failure(response, "the answer has no request_id");
  }
  return std::string(id->get_string());
}

//! What the list of cohorts tells of this one: nothing where it is not listed. A cohort can be
//! downloaded without the list.
void AmplitudeSource::look_at_list(AmplitudeDownload& download) {
  download.as_of = Instant::max();  // as when it is asked for
  try {
    for (const auto& cohort : list_cohorts(*api_)) {
      if (cohort.id != options_.cohort) continue;
      download.archived = cohort.archived;
      if (cohort.last_computed) download.as_of = cohort.last_computed;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    download.as_of.reset();
  }
}

void AmplitudeSource::refuse(const HttpResponse& response) {
  const auto details = AmplitudeApi::details_of(response);
  const bool too_large = response.status == 413 || details.find("large") != std::string::npos;
  if (too_large) {
    throw Error(ErrorKind::kFailed, "amplitude.too_large",
                "the cohort is too large to be downloaded: Amplitude's limit is 2 million people")
        .at(options_.where)
        .with_hint("split it into smaller cohorts in Amplitude");
  }
  if (response.status == 400 || response.status == 403 || response.status == 404)
    refuse_cohort(response);
  throw api_->failure(response, "the download is refused");
}

//! Amplitude's status for these is not documented: the list of cohorts tells them apart.
//! `response`: what refused it; nothing where its job vanished twice.
void AmplitudeSource::refuse_cohort(const std::optional<HttpResponse>& response) {
  for (const auto& cohort : list_cohorts(*api_)) {
    if (cohort.id != options_.cohort) continue;
    if (!cohort.archived && response) throw api_->failure(*response, "the download is refused");
    if (!cohort.archived) throw job_lost();
    throw Error(ErrorKind::kFailed, "amplitude.archived_cohort",
                fmt::format("the cohort {} is archived in Amplitude", options_.cohort))
        .at(options_.where)
        .with_hint("unarchive it there, or take its sync out of muster.yaml");
  }
  throw Error(ErrorKind::kUsage, "amplitude.unknown_cohort",
              fmt::format("the project has no cohort {} that may be downloaded", options_.cohort))
      .at(options_.where)
      .with_hint("`muster cohorts` lists those there are, with their ids");
}

//! Step 2. False when Amplitude does not know the job.
bool AmplitudeSource::wait_until_done() {
  auto pause = kFirstPoll;
  const auto began = environment_.clock.elapsed();
  for (;;) {
    const auto response =
        api_->get(fmt::format("/api/5/cohorts/request-status/{}", encoded(download_->id)));
    const bool says_failed = response.body.find("FAILED") != std::string::npos;
    if (response.status == 404) return false;
    if (response.status == 200 && !says_failed) return true;
    if (response.status != 202 || says_failed) {
      forget();
      const auto details = AmplitudeApi::details_of(response);
      throw Error(ErrorKind::kFailed, "amplitude.job_failed",
                  fmt::format("Amplitude could not compute the cohort (status {}{}{})",
                              response.status, details.empty() ? "" : ": ", details))
          .at(options_.where)
          .with_hint("open the cohort in Amplitude; fewer properties make it lighter to compute");
    }
    if (environment_.clock.elapsed() - began >= kLongestJob) {
      throw SourceWaits(Error(ErrorKind::kLater, "amplitude.still_computing",
                              "Amplitude has been computing the cohort for an hour")
                            .at(options_.where)
                            .with_hint("run again later: the same download is picked up"),
                        kAskAgain);
    }
    environment_.waiting.sleep(environment_.clock, pause);
    pause = std::min(pause * 3 / 2, kLongestPoll);
  }
}

std::optional<Member> AmplitudeSource::next() {
  if (at_end_) return std::nullopt;
  try {
    auto member = table_->next();
    if (member) return member;
  } catch (const Error& error) {
    forget_if_unusable(error);
    throw;
  }
  at_end_ = true;
  remembered_->mark_read(download_->id);
  return std::nullopt;
}

void AmplitudeSource::settle() {
  if (at_end_) forget();
}

Source::Progress AmplitudeSource::progress() const {
  return table_ ? table_->progress() : Progress{};
}

std::vector<SourceNotice> AmplitudeSource::notices() const {
  std::vector<SourceNotice> notices;
  if (ragged_.count > 0) notices.push_back(ragged_);
  if (!table_) return notices;
  const auto tell = [&](const char* code, std::string text) {
    notices.push_back({code, 0, {}, std::move(text)});
  };
  if (download_->archived) {
    tell("archived_cohort",
         fmt::format("the cohort {} is archived in Amplitude, which gives it all the same: whether "
                     "it is still computed is not known",
                     options_.cohort));
  }
  if (download_->id != asked_id_) {
    tell("earlier_download",
         fmt::format("the cohort is as it was asked for at {}, for a run that did not come to its "
                     "end or a look at it; once this run has, the next one asks anew",
                     utc(download_->asked)));
  }
  if (options_.is_dated && !download_->as_of) {
    tell("unknown_age",
         "when Amplitude computed the cohort is not known, since its list of cohorts is not to be "
         "had: what was pushed in the last 30 days is laid over it");
  }
  return notices;
}

std::optional<SourceBudget> AmplitudeSource::budget() const {
  if (!budget_) return std::nullopt;
  return budget_->now();
}

SourceBudget known_budget(const AmplitudeOptions& options, const SourceEnvironment& environment) {
  const AmplitudeApi api(options.project, environment);
  return AmplitudeBudget(environment, api.name()).now();
}

}  // namespace muster
