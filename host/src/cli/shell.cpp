#include "cli/shell.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

#include "base/curl_transport.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

//! What belongs to this program lies beside it: bin/muster, lib/muster/{manifests,plugins}.
fs::path installation() {
  std::error_code failed;
  const auto program = fs::read_symlink("/proc/self/exe", failed);
  return failed ? fs::path() : program.parent_path().parent_path() / "lib" / "muster";
}

bool has_colour() {
  static const bool coloured = ::isatty(STDOUT_FILENO) == 1 && ::getenv("NO_COLOR") == nullptr;
  return coloured;
}

}  // namespace

std::filesystem::path Shell::workspace_directory() const {
  auto directory = workspace;
  if (directory.empty()) directory = fs::current_path();
  std::error_code failed;
  const auto absolute = fs::canonical(directory, failed);
  if (failed) {
    throw Error(ErrorKind::kUsage, "config.no_workspace", "the workspace directory does not exist")
        .at(directory.string())
        .with_hint("choose another with --workspace DIR");
  }
  return absolute;
}

WorkspaceEnvironment Shell::environment() const {
  return {
      clock_, cancellation_,
      [this]() -> std::unique_ptr<Transport> { return std::make_unique<CurlTransport>(clock_); },
      installation() / "manifests", installation() / "plugins"};
}

std::unique_ptr<Workspace> Shell::open_workspace() const {
  return std::make_unique<Workspace>(read_workspace(workspace_directory()), environment());
}

void Shell::say(const std::string& text) const {
  if (!json_output) write(text + '\n');
}

void Shell::print(const json::value& value) const {
  if (json_output) write(json::serialize(value) + '\n');
}

void Shell::write(std::string_view text) const {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  // A reader that has gone wants no more, and is no failure.
  if (!written && errno != EPIPE) output_error_ = errno;
}

void Shell::tell(const std::string& text) const {
  std::fputs(text.c_str(), stderr);
  std::fputc('\n', stderr);
}

std::string Shell::in(Colour colour, const std::string& text) const {
  if (!has_colour()) return text;
  const char* code = "";
  switch (colour) {
    case Colour::kNone:
      return text;
    case Colour::kGood:
      code = "32";
      break;
    case Colour::kBad:
      code = "31";
      break;
    case Colour::kWarn:
      code = "33";
      break;
    case Colour::kDim:
      code = "2";
      break;
    case Colour::kBold:
      code = "1";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

bool Shell::confirm(const std::string& question) const {
  if (yes) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    throw Error(ErrorKind::kUsage, "cli.not_confirmed",
                "this must be confirmed, and nobody is here")
        .with_hint("add --yes");
  }
  fmt::print(stderr, "{} [y/N] ", question);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

json::object error_json(const Error& error) {
  return {{"error", json::object{{"code", error.code()},
                                 {"message", error.message()},
                                 {"hint", error.hint()},
                                 {"where", error.where()}}}};
}

std::string error_text(const Error& error) {
  auto text = error.where().empty() ? error.message()
                                    : fmt::format("{}: {}", error.where(), error.message());
  if (!error.hint().empty()) text += fmt::format("\n  hint: {}", error.hint());
  return text;
}

}  // namespace muster::cli
