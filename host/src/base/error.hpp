// What the world can do wrong: a file, a network, a destination, a user's configuration.
// What only a bug can do is an assertion, never an Error.
#pragma once

#include <exception>
#include <string>

namespace muster {

//! What kind of failure this is, which decides the exit code (cli-and-config.md, "Exit codes").
enum class ErrorKind {
  kFailed,       //!< 1: a bad data file, a destination that refuses, storage that fails
  kUsage,        //!< 2: wrong flags or configuration, a secret's reference that leads nowhere
  kGuard,        //!< 4: the guard stopped the run before its first write
  kReconnect,    //!< 5: the connection was revoked, its token refused, a scope is missing
  kBusy,         //!< 6: another run of this sync is in progress
  kLater,        //!< 75: quota spent, destination unreachable; the same command may work later
  kInterrupted,  //!< 130: SIGINT or SIGTERM
};

//! The process exit code for `kind`.
int exit_code(ErrorKind kind) noexcept;

//! A failure told for people: what happened, where, and what to do next.
//! No field ever holds a secret or an identifier of a member.
class Error : public std::exception {
 public:
  //! `code` is a stable machine word such as "config.unknown_key"; `message` one sentence.
  Error(ErrorKind kind, std::string code, std::string message);

  //! What the reader can do next; returns *this, so that errors can be built in one expression.
  Error& with_hint(std::string hint) &;
  Error&& with_hint(std::string hint) &&;
  //! Where: "file:line:column", or a request and its correlation id.
  Error& at(std::string where) &;
  Error&& at(std::string where) &&;

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::string& where() const noexcept { return where_; }

  //! "where: message (hint)", for logs and for tests' failure output.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  void refresh_what();

  ErrorKind kind_;
  std::string code_;
  std::string message_;
  std::string hint_;
  std::string where_;
  std::string what_;
};

}  // namespace muster
