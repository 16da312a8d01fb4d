// The CSV that tells of every operation, drop and duplicate of a run (cli-and-config.md, "Report").
// It names people: a file of the user's, mode 0600, written as outcomes arrive. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "state/rows.hpp"

namespace muster {

//! Detail of a removal, and of the change in the history: whoever left the cohort was out of the
//! audience already, by nothing that we did.
constexpr std::string_view kGoneBefore = "GONE_BEFORE";
//! A removal whose effect was not told when it was sent, by this run or one that died: its record
//! is gone, and the figures count it.
constexpr std::string_view kFoundGone = "FOUND_GONE";
//! A leaver's record stays in the audience: another member of the cohort is it, too. Counted.
constexpr std::string_view kStaysForAnother = "RECORD_STAYS";

struct ReportRow {
  std::string_view operation;  //!< add, remove, update, verify, none
  std::string_view source_id;
  std::string_view identifier;
  //! added, removed, not_removed, updated, not_updated, unchanged, found, dropped, duplicate,
  //! to_retry; planned in the rows of a plan.
  std::string_view outcome;
  std::string_view reason;
  std::string_view detail;
  std::string_view record_id;
};

class Report {
 public:
  //! Makes `file` anew with its header. Throws Error when it can't be written.
  Report(std::filesystem::path file, std::string run);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  //! `record_url` has {id} for a record's id: rows added from now on have links.
  void link_records(std::string record_url) { record_url_ = std::move(record_url); }
  void add(const ReportRow& row);
  //! Hands what was added to the operating system; throws Error when the disk is full.
  void flush();
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  std::filesystem::path file_;
  std::string run_;
  std::string record_url_;
  std::string buffer_;
  int descriptor_ = -1;
};

//! Whether what is at `file` may be written over: nothing, a device or a pipe, or rows that were
//! written before. Anything else may be the user's only copy of it.
bool may_be_replaced(const std::filesystem::path& file);

//! Where the report of a run is.
std::filesystem::path report_file(const std::filesystem::path& directory, RunId run);

//! The detail of the last row in the report of a run that was killed.
inline constexpr std::string_view kRunInterrupted = "RUN_INTERRUPTED";

//! Ends the report of a run that was killed: a row cut in its middle goes, a last row, nobody's,
//! says that whatever is not told is to be retried (RUN_INTERRUPTED). Nothing to do where there is
//! no report. Throws Error when it can't be written.
void close_dead_report(const std::filesystem::path& file, RunId run);

//! Of which run `file` is the report; nothing when it is none.
std::optional<RunId> run_of_report(const std::filesystem::path& file);

//! The first number that no report of a run has: a state that was moved away begins anew, its
//! reports stay.
RunId first_run_without_report(const std::filesystem::path& directory);

//! `pattern` with {id} replaced by `id`; empty when either is.
std::string fill_url(std::string_view pattern, std::string_view id);

}  // namespace muster
