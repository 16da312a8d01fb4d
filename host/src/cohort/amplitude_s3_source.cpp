#include "cohort/amplitude_s3_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "base/text.hpp"
#include "cohort/file_set.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;

//! A file's name, such as 187520_7khm89cz_2026-11-24T10:30_entering_key.csv. Amplitude documents
//! the time as HH:SS and as HH-SS: either, with anything behind it, will do.
struct Name {
  std::string cohort;
  std::string time;  //!< in one spelling, so that it sorts
  std::string kind;
  std::string routing_key;
};

std::optional<Name> parse(const std::string& file) {
  static const std::regex kForm(
      "[^_]+_([^_]+)_([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}([:-][0-9]{2})*)[^_]*_"
      "(entering|exiting|existing)(?:_(.*))?\\.csv(\\.gz|\\.zst)?");
  std::smatch found;
  if (!std::regex_match(file, found, kForm)) return std::nullopt;
  Name name{found[1], found[2], found[4], found[5]};
  std::replace(name.time.begin(), name.time.end(), ':', '-');
  return name;
}

//! The beginning of the hour of a name's time, YYYY-MM-DDTHH…, as if it were UTC.
Instant hour_of(const std::string& time) {
  const auto number = [&](std::size_t at, std::size_t size) {
    return std::stoi(time.substr(at, size));
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2))));
  return std::chrono::sys_days(day) + std::chrono::hours(number(11, 2));
}

//! Whether it has minutes and seconds, YYYY-MM-DDTHH-MM-SS: of two such the later one is newer.
bool is_to_the_second(const std::string& time) { return time.size() >= 19; }

//! A name of Amplitude's kinds of files that parse() does not know: it may be of a newer run.
bool may_be_of_a_run(const std::string& file) {
  static const std::regex kKinds(".*_(entering|exiting|existing)[_.].*");
  return std::regex_match(file, kKinds);
}

//! "2026-11-24T10-30", with the routing key behind it.
std::string shown(const std::pair<std::string, std::string>& run) {
  return run.second.empty() ? run.first : run.first + " of " + run.second;
}

//! When the files of a run were written: the one that was written longest ago.
Instant written(const AmplitudeS3Run& run) {
  auto first = Instant::max();
  for (const auto* files : {&run.entering, &run.exiting, &run.existing}) {
    for (const auto& file : *files) first = std::min(first, written_at(file).value_or(first));
  }
  return first;
}

}  // namespace

void AmplitudePersons::add(std::string_view amplitude_id, std::string_view user_id) {
  if (!amplitude_id.empty()) amplitude_ids_.emplace(amplitude_id);
  if (!user_id.empty()) (amplitude_id.empty() ? user_ids_alone_ : user_ids_).emplace(user_id);
}

bool AmplitudePersons::contains(std::string_view amplitude_id, std::string_view user_id) const {
  const std::string user(user_id);
  if (!user.empty() && user_ids_alone_.contains(user)) return true;
  if (amplitude_id.empty()) return !user.empty() && user_ids_.contains(user);
  return amplitude_ids_.contains(std::string(amplitude_id));
}

void AmplitudePersons::clear() { *this = {}; }

AmplitudeS3Source::AmplitudeS3Source(AmplitudeS3Options options, Waiting waiting)
    : options_(std::move(options)), waiting_(std::move(waiting)) {
  form_.id_column = options_.id_column;
  form_.header = CsvForm::Header::kPresent;
}

//! The latest by name; of several in one hour, where their names don't tell the minute or are of
//! one time, the one that was written last (amplitude/api.md §6).
AmplitudeS3Source::Runs::const_iterator AmplitudeS3Source::newest_of(const Runs& runs) {
  const auto hour = hour_of(runs.rbegin()->first.first);
  auto newest = std::prev(runs.end());
  const auto& last = newest->first.first;
  const auto is_rival = [&](const std::string& time) {
    const bool names_tell = is_to_the_second(time) && is_to_the_second(last) && time != last;
    return hour_of(time) == hour && !names_tell;
  };
  std::size_t in_the_hour = 0;
  for (auto run = runs.begin(); run != runs.end(); ++run) {
    if (!is_rival(run->first.first)) continue;
    ++in_the_hour;
    if (written(run->second) > written(newest->second)) newest = run;
  }
  if (in_the_hour > 1) {
    same_hour_.text = fmt::format(
        "{} runs are of one hour, and their names do not tell which is the newest: {}, whose files "
        "were written last, is read",
        in_the_hour, shown(newest->first));
  }
  return newest;
}

Error AmplitudeS3Source::other_cohorts(const std::set<std::string>& cohorts) const {
  constexpr std::size_t kMostShown = 5;
  std::string shown;
  std::size_t count = 0;
  for (const auto& cohort : cohorts) {
    if (count++ == kMostShown) break;
    shown += (shown.empty() ? "" : ", ") + cohort;
  }
  return Error(ErrorKind::kUsage, "source.other_cohorts",
               fmt::format("no file here is of the cohort {}", options_.cohort))
      .at(options_.shown_as)
      .with_hint(
          fmt::format("those here are of {}{}", shown, count > kMostShown ? " and others" : ""));
}

void AmplitudeS3Source::note_unread(const std::string& file) {
  if (unread_.count++ == 0) {
    unread_.text = fmt::format(
        "there are files whose names are not as Amplitude gives them, and which are not read, such "
        "as {}",
        escape_control(file));
  }
}

//! A run that lacks a file is still being copied: it would be a smaller cohort, or an older one
//! under a new name.
AmplitudeS3Run AmplitudeS3Source::newest_run() {
  std::error_code failed;
  Runs runs;
  std::set<std::string> cohorts;
  for (fs::directory_iterator entry(options_.directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const auto file = entry->path().filename().string();
    const auto name = parse(file);
    if (!name) {
      if (may_be_of_a_run(file)) note_unread(file);
      continue;
    }
    cohorts.insert(name->cohort);
    if (!options_.cohort.empty() && name->cohort != options_.cohort) continue;
    auto& run = runs[{name->time, name->routing_key}];
    auto& files = name->kind == "entering"  ? run.entering
                  : name->kind == "exiting" ? run.exiting
                                            : run.existing;
    files.push_back(entry->path());
  }
  if (failed) {
    throw Error(ErrorKind::kFailed, "source.unreadable",
                fmt::format("can't read the directory: {}", failed.message()))
        .at(options_.shown_as)
        .with_hint("check the path in the sync's source and the directory's permissions");
  }
  if (runs.empty() && !cohorts.empty()) throw other_cohorts(cohorts);
  if (runs.empty()) {
    throw Error(ErrorKind::kFailed, "source.no_file",
                "no file here has a name as Amplitude gives them")
        .at(options_.shown_as)
        .with_hint("such as 187520_7khm89cz_2026-11-24T10-30_existing_key.csv");
  }
  if (options_.cohort.empty() && cohorts.size() > 1) {
    throw Error(ErrorKind::kUsage, "source.several_cohorts",
                fmt::format("the directory holds {} cohorts", cohorts.size()))
        .at(options_.shown_as)
        .with_hint(fmt::format("name one, as in cohort: {}", *cohorts.begin()));
  }
  auto [name, run] = *newest_of(runs);
  for (auto* files : {&run.entering, &run.exiting, &run.existing}) {
    if (files->empty()) {
      throw Error(ErrorKind::kFailed, "source.incomplete_run",
                  fmt::format("the newest run, {}, lacks its file of those who {}", shown(name),
                              files == &run.entering  ? "enter"
                              : files == &run.exiting ? "leave"
                                                      : "are there"))
          .at(options_.shown_as)
          .with_hint("it may still be copied: run again when all three files are there");
    }
    std::sort(files->begin(), files->end());
  }
  run.time = std::min(hour_of(name.first), written(run));
  return run;
}

void AmplitudeS3Source::open(const Columns& columns) {
  columns_ = columns;
  columns_.properties.emplace_back("amplitude_id");
  columns_.properties.emplace_back("user_id");
  same_hour_.text.clear();
  unread_.count = 0;
  ragged_.clear();
  overlap_.count = 0;
  leaving_.clear();
  entering_.clear();
  rows_ = 0;
  bytes_before_ = 0;
  run_ = newest_run();
  files_ = run_.exiting;
  files_.insert(files_.end(), run_.entering.begin(), run_.entering.end());
  files_.insert(files_.end(), run_.existing.begin(), run_.existing.end());
  file_ = 0;
  open_file();
  read_leavers();
}

void AmplitudeS3Source::read_leavers() {
  while (file_ < run_.exiting.size()) {
    const auto member = next_row();
    if (!member) return;
    const auto user_id = member->properties.back();
    const auto amplitude_id = member->properties[member->properties.size() - 2];
    if (amplitude_id.empty() && user_id.empty()) {
      throw Error(ErrorKind::kFailed, "source.nobody_leaves",
                  "a row of those who leave has neither an amplitudeID nor a userID")
          .at(fmt::format("{}:{}:1", files_[file_].string(), member->line))
          .with_hint("nobody can tell who it is, who would stay in the cohort; nothing was sent");
    }
    leaving_.add(amplitude_id, user_id);
  }
}

void AmplitudeS3Source::open_file() {
  const auto& file = files_[file_];
  try {
    table_.emplace(open_byte_stream(file, waiting_), file.string(), form_, columns_, ragged_);
  } catch (const Error& error) {
    if (error.code() != kEmptySource) throw;
    // Each has the names of the columns (amplitude/api.md §6): one without is still being copied.
    throw empty_part(file.string())
        .with_hint(
            "it may still be copied: run again once it is whole; where nobody is in it, it has the "
            "names of the columns alone; nothing was sent, and --allow-removals does not pass "
            "this");
  }
}

//! The next row of the files up to the end of those who leave, or of the others.
std::optional<Member> AmplitudeS3Source::next_row() {
  for (;;) {
    if (auto member = table_->next()) return member;
    if (file_ + 1 == files_.size()) return std::nullopt;
    bytes_before_ += table_->progress().done;
    ++file_;
    open_file();
    if (file_ == run_.exiting.size()) return std::nullopt;
  }
}

std::optional<Member> AmplitudeS3Source::next() {
  for (;;) {
    auto member = next_row();
    if (!member) {
      if (file_ + 1 == files_.size()) return std::nullopt;
      continue;
    }
    const auto user_id = member->properties.back();
    const auto amplitude_id = member->properties[member->properties.size() - 2];
    member->properties.resize(member->properties.size() - 2);
    const bool enters = file_ < run_.exiting.size() + run_.entering.size();
    const bool leaves = leaving_.contains(amplitude_id, user_id);
    // Whether `existing` has those who enter or leave is documented both ways: who leaves is out
    // of it, who enters counts once.
    const bool twice = enters ? leaves : entering_.contains(amplitude_id, user_id);
    if (twice && overlap_.count++ == 0) {
      overlap_.first_at = fmt::format("{}:{}:1", files_[file_].string(), member->line);
    }
    if (enters) entering_.add(amplitude_id, user_id);
    if (leaves || (!enters && twice)) continue;
    member->line = ++rows_;
    return member;
  }
}

Source::Progress AmplitudeS3Source::progress() const {
  if (!table_) return {};
  return {bytes_before_ + table_->progress().done, 0};
}

std::vector<SourceNotice> AmplitudeS3Source::notices() const {
  std::vector<SourceNotice> notices;
  for (const auto& notice : {ragged_, overlap_, unread_}) {
    if (notice.count > 0) notices.push_back(notice);
  }
  if (!same_hour_.text.empty()) notices.push_back(same_hour_);
  return notices;
}

}  // namespace muster
