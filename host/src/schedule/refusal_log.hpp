// What is logged of messages that are refused: enough to find out why nothing arrives, and no more
// lines than anybody reads, however often somebody knocks. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace muster {

class RefusalLog {
 public:
  //! Of refusals with one status, one in so long is told.
  static constexpr Milliseconds kPause = std::chrono::minutes(1);

  //! Borrows the clock.
  explicit RefusalLog(const Clock& clock) : clock_(clock) {}

  //! The line for a refusal with that HTTP status; nothing when one like it was told within kPause:
  //! it is counted in the next one. `why` is what the sender was answered: no secret, no
  //! identifier.
  std::optional<std::string> line(unsigned status, std::string_view why);
  //! As above, for a connection that was closed since so many are open.
  std::optional<std::string> line_of_closed(std::size_t open);

 private:
  std::optional<std::string> now_and_then(unsigned kind, std::string text);
  struct Told {
    Milliseconds at{0};
    std::uint64_t since = 0;  //!< refusals that were not told
  };
  const Clock& clock_;
  std::map<unsigned, Told> told_;  //!< by status
};

}  // namespace muster
