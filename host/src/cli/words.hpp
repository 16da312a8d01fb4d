// Runs, connections and figures as words, lines and JSON (cli-and-config.md, "JSON").
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "run/runner.hpp"
#include "state/rows.hpp"

namespace muster::cli {

namespace json = boost::json;

const char* to_word(RunStatus status);
const char* to_word(RunMode mode);
const char* to_word(ConnectionState state);
//! A cohort's or a list's name, as one line.
std::string name_text(const std::string& name);
std::string time_text(Instant instant);  //!< local, "2026-11-23 14:05"
std::string utc_text(Instant instant);   //!< "2026-11-23T13:05:00Z"
std::string seconds_text(Milliseconds duration);
//! Whether it is more than nothing in `seconds_text`.
bool is_worth_telling(Milliseconds duration);
//! "1 call", "2 calls".
std::string counted(std::uint64_t count, const char* noun);
double seconds(Milliseconds duration);

json::object to_json(const std::map<std::string, std::uint64_t>& counts);
//! What a source allows: {"used", "limit", "resets_at", "counted_by"}.
json::object to_json(const SourceBudget& budget);
//! "12 of 500 downloads used until 2026-12-01 (Amplitude's count)".
std::string budget_text(const SourceBudget& budget);
json::array to_json(const std::vector<SourceNotice>& notices);
//! "2 ragged_rows, the first at cohort.csv:3:1, line 7", or the notice's own words.
std::string notice_text(const SourceNotice& notice);
//! The figures of a run; without audience and report.
json::object to_json(const RunRow& run);
//! All that is to be said of a run that has ended.
json::object to_json(const RunResult& result, const std::string& audience_url);
//! Lines of two columns, indented: "  added     12".
std::string figure(const std::string& name, const std::string& value);
std::string figure(const std::string& name, std::uint64_t value);
//! The same of counts by reason.
std::string reasons_figure(const std::string& name,
                           const std::map<std::string, std::uint64_t>& counts);
//! What tries a dropped member again whose reason does not heal by itself.
std::string without_healing(const std::string& reason);
//! When who is due at `due` is tried again: "by the next run", "from 2026-11-28 10:00".
std::string due_text(Instant due, Instant now);
//! "invalid_email 3, not_found 1"; "-" for none.
std::string reasons_text(const std::map<std::string, std::uint64_t>& counts);

}  // namespace muster::cli
