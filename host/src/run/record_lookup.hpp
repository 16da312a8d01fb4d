// Which records identifiers lead to, for any number of them: in the destination's batches, with
// patience where it can't answer for a while. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "run/patience.hpp"

namespace muster {

struct LookupParts {
  Destination& destination;
  Patience& patience;
  std::string_view kind;  //!< of the identifiers
};

//! Looks `count` identifiers up. `identifier(i)` makes the i-th for its batch; `found(i, record)`
//! is told the record of each in turn, empty where there is none; `on_progress(done)`, where given,
//! at the beginning and behind each batch. Of whom the destination refuses to look up nothing is
//! known: `refused(i)` is told instead of `found`, and without it the look-up throws. Throws what
//! the destination and the functions throw.
void look_up_each(const LookupParts& parts, std::size_t count,
                  const std::function<std::string(std::size_t)>& identifier,
                  const std::function<void(std::size_t, std::string)>& found,
                  const std::function<void(std::size_t)>& on_progress = {},
                  const std::function<void(std::size_t)>& refused = {});

//! The record of each of `identifiers`, empty where there is none.
std::vector<std::string> look_up_all(const LookupParts& parts,
                                     const std::vector<std::string>& identifiers);

}  // namespace muster
