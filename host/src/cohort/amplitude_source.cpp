#include "cohort/amplitude_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cohort/amplitude_file.hpp"
#include "cohort/amplitude_job.hpp"

namespace muster {
namespace {

constexpr const char* kAnew =
    "nothing was sent; run again: the cohort is asked for anew, which costs a download";

constexpr const char* kLighter =
    "open the cohort in Amplitude; fewer properties make it lighter to compute";

constexpr Milliseconds kFirstPause{1'000};

//! Whether asking for a download ends with what it could have been begun without.
bool is_final(const Error& error) {
  return error.kind() == ErrorKind::kInterrupted || is_refused_secret(error) ||
         dynamic_cast<const SourceNotReady*>(&error) != nullptr;
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
  ragged_.clear();
  at_end_ = false;
  properties_ = properties_to_ask(options_, columns);
  identifier_ = columns.identifier;
  has_people_ = has_identifiers_ = false;
  api();
  remembered_.emplace(environment_, api_->name(), options_.cohort, properties_);
  download_ = remembered_->get();
  const bool is_there = download_ && (opened_ > 1 || download_->id != attempts().asked_id);
  if (!download_) ask();
  const bool picked_up = await_download(is_there);
  as_of_ = download_->as_of;
  try {
    auto file = std::make_unique<AmplitudeFile>(*api_, environment_, download_->id);
    const auto name = fmt::format("cohort {} of {}", options_.cohort, api_->shown());
    // Packed as a file, and again on its way: which of them Amplitude announces is not known.
    auto plain = unpacked(unpacked(std::move(file), name), name);
    table_.emplace(std::move(plain), name, form_, columns, ragged_);
  } catch (const Error& error) {
    // Links that two runs were refused will be refused to the next, too.
    if (picked_up && opened_ == 1 && error.code() == kNoFile) {
      forget();
      throw Error(error).with_hint(kAnew);
    }
    give_up(error);
    throw;
  }
}

//! A file that is gone, refused, damaged, empty or lacks a column stays so: another request may
//! give a better one. What breaks off, has to wait, or did not come from Amplitude, goes on with
//! the same.
void AmplitudeSource::give_up(const Error& error) {
  if (error.kind() != ErrorKind::kFailed || error.code() == kBadLink) return;
  forget();
  if (error.code() == kEmptySource) {
    throw Error(ErrorKind::kFailed, "amplitude.empty_file",
                "Amplitude gave nothing for the cohort's file: even an empty cohort has a header")
        .at(api_->shown())
        .with_hint(kAnew);
  }
  if (error.code() == "source.truncated" || error.code() == "source.corrupt") {
    throw Error(error).with_hint(kAnew);
  }
}

Error AmplitudeSource::job_lost() const {
  return Error(ErrorKind::kFailed, "amplitude.job_lost",
               "Amplitude does not know the download that it began a moment ago")
      .at(api_->shown())
      .with_hint("run again later");
}

void AmplitudeSource::forget() {
  if (!download_) return;
  budget_->end_job(download_->id);
  remembered_->forget(download_->id);
}

//! Whether Amplitude takes the keys.
bool AmplitudeSource::ask_for_usage() {
  const auto response = api_->get("/api/3/cohorts/usage");
  if (response.status != 200) return false;  // our own count has to do
  budget_->learn(response.body);
  return true;
}

//! Step 1, which costs a download of the month's budget: not spent on what the calls before it,
//! which cost nothing, already refuse.
void AmplitudeSource::ask() {
  bool are_keys_known = false;
  try {
    are_keys_known = ask_for_usage();
  } catch (const Error& error) {
    if (is_final(error)) throw;
    // The budget can be counted without it, which may be refused where the rest is not.
  }
  budget_->await_turn();
  AmplitudeDownload download;
  try {
    look_at_list(download);
  } catch (const Error& error) {
    if (is_final(error) || (is_refused_key(error) && !are_keys_known)) throw;
    download.as_of.reset();  // a cohort can be downloaded without the list
  }
  if (download.archived && remembered_->was_refused_as_archived()) throw archived();
  download.id = request_id();
  download.asked = environment_.clock.now();
  if (download.as_of) download.as_of = std::min(*download.as_of, download.asked);
  budget_->begin_job(download.id);
  attempts().asked_id = download.id;
  remembered_->put(download);
  download_ = std::move(download);
}

std::string AmplitudeSource::request_id() {
  std::string target = fmt::format("/api/5/cohorts/request/{}", url_encoded(options_.cohort));
  target += properties_.empty() ? "?props=0" : "?props=1";
  for (const auto& property : properties_) target += "&propKeys=" + url_encoded(property);
  const auto response = api_->get(target, {[this] {
                                             budget_->await_turn();
                                             budget_->spend();
                                           },
                                           [this](const auto& answer) {
                                             if (budget_->settle(answer)) remembered_->note_spent();
                                           }});
  if (response.status != 200 && response.status != 202) refuse(response);
  const auto answer = api_->json_of(response);
  const auto* id = answer.if_contains("request_id");
  if (id == nullptr || !id->is_string()) {
    throw api_->failure(response, "the answer has no request_id");
  }
  return std::string(id->get_string());
}

//! What the list of cohorts tells of this one: nothing where it is not listed.
void AmplitudeSource::look_at_list(AmplitudeDownload& download) {
  download.as_of = Instant::max();  // as when it is asked for
  for (const auto& cohort : list_cohorts(*api_)) {
    if (cohort.id != options_.cohort) continue;
    download.archived = cohort.archived;
    if (cohort.last_computed) download.as_of = cohort.last_computed;
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

Error AmplitudeSource::archived() const {
  return Error(ErrorKind::kFailed, "amplitude.archived_cohort",
               fmt::format("the cohort {} is archived in Amplitude", options_.cohort))
      .at(options_.where)
      .with_hint("unarchive it there, or take its sync out of muster.yaml");
}

//! Amplitude's status for these is not documented: the list of cohorts tells them apart.
//! `response`: what refused it; nothing where its job vanished twice.
void AmplitudeSource::refuse_cohort(const std::optional<HttpResponse>& response) {
  for (const auto& cohort : list_cohorts(*api_)) {
    if (cohort.id != options_.cohort) continue;
    if (!cohort.archived && response) throw api_->failure(*response, "the download is refused");
    if (!cohort.archived) throw job_lost();
    remembered_->note_archived();
    throw archived();
  }
  throw Error(ErrorKind::kUsage, "amplitude.unknown_cohort",
              fmt::format("the project has no cohort {} that may be downloaded", options_.cohort))
      .at(options_.where)
      .with_hint("`muster cohorts` lists those there are, with their ids");
}

//! Step 2. Whether it is still the download that an earlier run asked for: one that is gone, or
//! never ends, is asked for anew, once.
bool AmplitudeSource::await_download(bool picked_up) {
  for (int asked = picked_up ? 0 : 1;; ++asked) {
    const auto job = await_job(*api_, environment_, *download_, options_.where);
    if (job.end == JobEnd::kDone) {
      budget_->end_job(download_->id);
      remembered_->note_computed();
      return picked_up && asked == 0;
    }
    forget();
    if (job.end == JobEnd::kFailed) throw job_failed(job.told);
    if (job.end == JobEnd::kNever) {
      if (remembered_->note_given_up() > 1) throw never_computed();
      attempts().given_up = download_->asked;
    } else if (asked > 0) {
      if (!picked_up) throw job_lost();
      refuse_cohort(std::nullopt);
    }
    ask();
  }
}

Error AmplitudeSource::job_failed(const std::string& told) const {
  return Error(ErrorKind::kFailed, "amplitude.job_failed",
               fmt::format("Amplitude could not compute the cohort ({})", told))
      .at(options_.where)
      .with_hint(kLighter);
}

Error AmplitudeSource::never_computed() const {
  return Error(ErrorKind::kFailed, "amplitude.never_computed",
               fmt::format("Amplitude did not end computing the cohort in {} hours, neither at the "
                           "first request nor at the one of {}",
                           std::chrono::duration_cast<std::chrono::hours>(kLongestJob).count(),
                           utc(download_->asked)))
      .at(options_.where)
      .with_hint(fmt::format("{}; if it opens there, ask Amplitude's support. Nothing was sent; "
                             "the next run asks anew, which costs a download",
                             kLighter));
}

std::optional<Member> AmplitudeSource::next() {
  if (at_end_) return std::nullopt;
  try {
    auto member = table_->next();
    if (member) {
      has_people_ = true;
      has_identifiers_ = has_identifiers_ || !member->identifier.empty();
      return member;
    }
  } catch (const Error& error) {
    give_up(error);
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
  const auto& shared = attempts();
  const auto tell = [&](const char* code, std::string text) {
    notices.push_back({code, 0, {}, std::move(text)});
  };
  if (download_->archived) {
    tell("archived_cohort",
         fmt::format("the cohort {} is archived in Amplitude, which gives it all the same: whether "
                     "it is still computed is not known",
                     options_.cohort));
  }
  const bool is_property =
      std::find(properties_.begin(), properties_.end(), identifier_) != properties_.end();
  if (at_end_ && is_property && has_people_ && !has_identifiers_) {
    tell(
        "empty_property",
        fmt::format("Amplitude gave nobody's value of the property '{}': its properties' names are "
                    "told apart by upper and lower case; compare the spelling with Amplitude's, or "
                    "name the property under 'properties'",
                    identifier_));
  }
  if (shared.given_up) {
    tell(
        "given_up_download",
        fmt::format("Amplitude did not end computing the download that was asked for at {}: it was "
                    "given up and asked for anew, which cost another download",
                    utc(*shared.given_up)));
  }
  if (download_->id != shared.asked_id) {
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

bool costs_again(const AmplitudeOptions& options, const Columns& columns,
                 const SourceEnvironment& environment, Instant since) {
  const AmplitudeApi api(options.project, environment);
  const RememberedDownload download(environment, api.name(), options.cohort,
                                    properties_to_ask(options, columns));
  const auto spent = download.spent();
  return spent && *spent >= since && !download.get();
}

}  // namespace muster
