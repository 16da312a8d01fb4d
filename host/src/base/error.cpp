#include "base/error.hpp"

#include <utility>

namespace muster {

int exit_code(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::kFailed:
      return 1;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kGuard:
      return 4;
    case ErrorKind::kReconnect:
      return 5;
    case ErrorKind::kBusy:
      return 6;
    case ErrorKind::kLater:
      return 75;
    case ErrorKind::kInterrupted:
      return 130;
  }
  return 1;
}

Error::Error(ErrorKind kind, std::string code, std::string message)
    : kind_(kind), code_(std::move(code)), message_(std::move(message)) {
  refresh_what();
}

Error& Error::with_hint(std::string hint) & {
  hint_ = std::move(hint);
  refresh_what();
  return *this;
}

Error&& Error::with_hint(std::string hint) && { return std::move(with_hint(std::move(hint))); }

Error& Error::at(std::string where) & {
  where_ = std::move(where);
  refresh_what();
  return *this;
}

Error&& Error::at(std::string where) && { return std::move(at(std::move(where))); }

void Error::refresh_what() {
  what_ = where_.empty() ? message_ : where_ + ": " + message_;
  if (!hint_.empty()) what_ += " (" + hint_ + ")";
}

}  // namespace muster
