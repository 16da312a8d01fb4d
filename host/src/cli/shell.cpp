#include "cli/shell.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

#include "base/curl_transport.hpp"
#include "base/text.hpp"
#include "cli/columns.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

//! What belongs to this program lies beside it: bin/muster, lib/muster/{manifests,plugins}.
fs::path installation() {
  std::error_code failed;
  const auto program = fs::read_symlink("/proc/self/exe", failed);
  return failed ? fs::path() : program.parent_path().parent_path() / "lib" / "muster";
}

//! Boost.JSON writes 0.5 as 5E-1: right, and hard to read.
void write_json(const json::value& value, std::string& text) {
  switch (value.kind()) {
    case json::kind::object: {
      text += '{';
      for (const auto& [name, member] : value.get_object()) {
        if (text.back() != '{') text += ',';
        text += json::serialize(json::string(name)) + ':';
        write_json(member, text);
      }
      text += '}';
      return;
    }
    case json::kind::array: {
      text += '[';
      for (const auto& member : value.get_array()) {
        if (text.back() != '[') text += ',';
        write_json(member, text);
      }
      text += ']';
      return;
    }
    case json::kind::double_:
      text += fmt::format("{:.15g}", value.get_double());
      return;
    default:
      text += json::serialize(value);
  }
}

//! As a name or a destination's answer may hold them, control characters would drive the terminal.
std::string visible(std::string_view text) { return escape_control(text, "\n"); }

//! https://no-color.org: set, and not empty.
bool asks_for_no_colour() {
  const char* no_colour = ::getenv("NO_COLOR");
  return no_colour != nullptr && *no_colour != '\0';
}

bool has_colour() {
  static const bool coloured = ::isatty(STDOUT_FILENO) == 1 && !asks_for_no_colour();
  return coloured;
}

//! Our own colours stay.
std::string visible_but_for_colours(const std::string& text) {
  std::string clean;
  std::size_t begin = 0;
  for (auto at = text.find("\x1b["); at != std::string::npos; at = text.find("\x1b[", begin)) {
    const auto end = text.find_first_not_of("0123456789", at + 2);
    const bool ours = has_colour() && end != std::string::npos && text[end] == 'm' && end <= at + 4;
    clean += visible(text.substr(begin, at - begin));
    begin = at;
    if (ours) {
      clean += text.substr(at, end + 1 - at);
      begin = end + 1;
    } else {
      clean += "\\x1b";
      begin = at + 1;
    }
  }
  return clean + visible(text.substr(begin));
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
  if (!json_output) write(fit(visible_but_for_colours(text)) + '\n');
}

void Shell::print(const json::value& value) const {
  if (!json_output) return;
  std::string text;
  write_json(value, text);
  write(text + '\n');
}

void Shell::write(std::string_view text) const {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  // A reader that has gone wants no more, and is no failure.
  if (!written && errno != EPIPE) output_error_ = errno;
}

void Shell::tell(const std::string& text) const {
  std::fputs(fit(visible(text)).c_str(), stderr);
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
  fmt::print(stderr, "{} [y/N] ", fit(visible(question)));
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
