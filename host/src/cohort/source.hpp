// Where cohorts are read from: one interface, one file pair for each kind of source.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace muster {

//! One member as its source has it. Views are valid until the next call on the source.
struct Member {
  //! The source's own id of the person (user id, or Amplitude id); may be empty.
  std::string_view source_id;
  //! The chosen column's value, as it stands there; may be empty.
  std::string_view identifier;
  //! Values of the property columns asked for, in that order.
  std::vector<std::string_view> properties;
  //! For people: the 1-based line (files) or row (others) where the member stands.
  std::uint64_t line = 0;
};

//! What a run wants to know of each member.
struct Columns {
  //! The column that holds the identifier, as configured; aliases are the source's business.
  std::string identifier;
  //! Columns whose values become properties at the destination.
  std::vector<std::string> properties;
};

//! What was odd in the source though it could be read: rows, counted and told once with an example;
//! or the whole, in words.
struct SourceNotice {
  std::string code;                    //!< such as "ragged_rows"
  std::uint64_t count;                 //!< how many rows
  std::string first_at;                //!< "file:line:column" of the first
  std::string text{};                  //!< a sentence about the whole; empty: it is about rows
  std::vector<std::string> next_at{};  //!< of the next few, as `first_at`

  //! Counts a row at `where`.
  void add(std::string where) {
    constexpr std::size_t kMostNext = 4;
    if (count++ == 0) {
      first_at = std::move(where);
    } else if (next_at.size() < kMostNext) {
      next_at.push_back(std::move(where));
    }
  }
  void clear() {
    count = 0;
    next_at.clear();
  }
};

//! The source broke off, and opening it again may read it whole: what was read is void.
class SourceLost : public Error {
 public:
  explicit SourceLost(Error error) : Error(std::move(error)) {}
};

//! The source can't be read for now, however often it is opened: the run waits for another time.
class SourceWaits : public Error {
 public:
  //! `retry_after`: when it may be read again, where that is known.
  SourceWaits(Error error, std::optional<Milliseconds> retry_after)
      : Error(std::move(error)), retry_after_(retry_after) {}
  std::optional<Milliseconds> retry_after() const noexcept { return retry_after_; }

 private:
  std::optional<Milliseconds> retry_after_;
};

//! The source can be read in a while, for which whoever runs it has other work: thrown where
//! Waiting::attempts is given alone. The next attempt goes on where this one ended.
class SourceNotReady final : public SourceWaits {
 public:
  SourceNotReady(Error error, Milliseconds retry_after)
      : SourceWaits(std::move(error), retry_after) {}
};

//! How often a source may be read in a month, where that is limited.
struct SourceBudget {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
  Instant resets_at{};
  bool told = false;                          //!< counted by the source itself; else by us
  std::optional<std::uint64_t> told_limit{};  //!< what it said last, in this month or before
};

//! The code of the error for a source that has nothing at all, not even names of columns.
inline constexpr std::string_view kEmptySource = "source.empty";

//! A cohort being read, member by member, once. Throws Error when the source fails; a source that
//! ends early always throws, so that it never looks like a smaller cohort (promise 6).
class Source {
 public:
  virtual ~Source() = default;
  //! Opens the source and finds the columns; throws when one is missing, naming those there are.
  //! Once more after a SourceLost.
  virtual void open(const Columns& columns) = 0;
  //! The next member; nothing at the end, and only when the source is known to be complete.
  virtual std::optional<Member> next() = 0;
  //! Bytes read and bytes in all, where known; for progress.
  struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  virtual Progress progress() const = 0;
  //! What was odd so far; complete after the end.
  virtual std::vector<SourceNotice> notices() const = 0;
  //! When the cohort was as the source gives it, where that is known; after `open`. A file's time
  //! may be wrong, and still to come.
  virtual std::optional<Instant> as_of() const { return std::nullopt; }
  //! What is left of the source's own limits; nothing where there are none, or none is known yet.
  virtual std::optional<SourceBudget> budget() const { return std::nullopt; }
  //! The run over what was read came to its end: the next one wants the cohort as it is then. Not
  //! called after a run that failed, whose next try may read the same. Throws Error.
  virtual void settle() {}
  //! `beat` is called at least every second while the source waits; what it throws ends the
  //! reading. A source that never waits has no use for it.
  virtual void set_heartbeat(std::function<void()> /*beat*/) {}
};

}  // namespace muster
