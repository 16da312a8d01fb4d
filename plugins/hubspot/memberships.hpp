// Who is in a list: written in chunks whose size follows what HubSpot takes, read in pages of 250
// (hubspot/api.md §5). One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api.hpp"
#include "lists.hpp"

namespace muster::hubspot {

//! What became of one id in a membership write.
struct Written {
  enum class State {
    kChanged,    //!< added, or removed
    kUnchanged,  //!< it was so already
    kMissing,    //!< HubSpot knows no such record
    kRejected,   //!< refused, alone
    kRetry,      //!< surely not applied
    kInDoubt,    //!< sent, the answer lost
    kSkipped,    //!< not tried
  };
  State state = State::kSkipped;
  std::string detail;
  std::int64_t wait_ms = -1;
};

//! One change of a membership.
struct Change {
  enum class Kind { kAdd, kRemove } kind = Kind::kAdd;
  std::string record_id;
};

class Memberships {
 public:
  Memberships(Api& api, Lists& lists) : api_(api), lists_(lists) {}

  //! One result for each change; record ids must differ. Throws Failure AUDIENCE_GONE, or when the
  //! list is none that can be written to.
  std::vector<Written> write(std::string_view list, const std::vector<Change>& changes);

 private:
  //! What is left to do of [begin, end).
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void write_range(std::string_view list, const std::vector<Change>& changes, Range range,
                   std::vector<Written>& written);
  static void take(const std::vector<Change>& changes, Range range, const Answer& answer,
                   std::vector<Written>& written);
  void smaller() { chunk_ = chunk_ > 1 ? chunk_ / 2 : 1; }

  Api& api_;
  Lists& lists_;
  //! HubSpot documents no largest size: 1,000 to begin with, doubled by each success.
  std::size_t chunk_ = 1'000;
};

//! Streams the ids of a list's members from `cursor` on. Throws Failure.
void read_memberships(Api& api, std::string_view list, std::string_view cursor,
                      const muster_readback_sink& sink);

}  // namespace muster::hubspot
