// The log: one line a record on standard error, text or JSON, secrets blanked. [concurrent]
// Callers never pass identifiers of members; bodies of requests are never logged.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace muster::log {

enum class Severity { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

//! What is below `least` is left out. Before the first call: warnings and errors, as text.
void configure(Severity least, Format format);
//! From now on `secret` is blanked wherever it would be logged. Short ones are not: they would
//! blank what they are not. The 256 met last are kept.
void keep_secret(std::string_view secret);
//! `text` with every secret blanked.
std::string without_secrets(std::string_view text);
//! The same, and the beginning of one that the end of `text` cuts.
std::string without_secrets_cut(std::string_view text);
void write(Severity severity, std::string_view area, std::string_view message);

//! The line that `write` prints, for tests.
std::string line(Format format, Instant now, Severity severity, std::string_view area,
                 std::string_view message);

}  // namespace muster::log
