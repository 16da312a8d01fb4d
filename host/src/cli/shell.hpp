// What every command shares: the global options, the two streams, confirmations, the workspace.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/cancellation.hpp"
#include "base/clock.hpp"
#include "run/workspace.hpp"

namespace muster::cli {

namespace json = boost::json;

enum class Colour { kNone, kGood, kBad, kWarn, kDim, kBold };

class Shell {
 public:
  // Global options, filled before a command runs.
  std::filesystem::path workspace;
  bool json_output = false;
  bool yes = false;
  int exit_code = 0;

  Shell(Clock& clock, const Cancellation& cancellation)
      : clock_(clock), cancellation_(cancellation) {}

  //! Reads muster.yaml of the chosen workspace.
  std::unique_ptr<Workspace> open_workspace() const;
  //! The chosen workspace's directory; throws Error when there is none.
  std::filesystem::path workspace_directory() const;
  //! What workspaces of this program take from outside.
  WorkspaceEnvironment environment() const;
  Clock& clock() const noexcept { return clock_; }
  const Cancellation& cancellation() const noexcept { return cancellation_; }

  //! Bytes as they are, on standard output. What can't be written is kept for output_error.
  void write(std::string_view text) const;
  //! errno of a write to standard output that failed for another reason than its reader's leaving;
  //! 0 when there was none.
  int output_error() const noexcept { return output_error_; }
  //! Text for people, on standard output, in lines that fit a terminal; nothing with --json.
  void say(const std::string& text) const;
  //! The one JSON object or array; only with --json.
  void print(const json::value& value) const;
  //! `text` in colour where standard output is a terminal.
  std::string in(Colour colour, const std::string& text) const;
  //! Asks on the terminal; --yes answers. Throws Error when nobody can be asked.
  bool confirm(const std::string& question) const;
  //! For a person who waits: on standard error, also with --json; in lines as those of `say`.
  void tell(const std::string& text) const;

 private:
  Clock& clock_;
  const Cancellation& cancellation_;
  mutable int output_error_ = 0;
};

//! `{"error": {…}}` (cli-and-config.md, "JSON").
json::object error_json(const Error& error);
//! "where: message" and the hint below it.
std::string error_text(const Error& error);

}  // namespace muster::cli
