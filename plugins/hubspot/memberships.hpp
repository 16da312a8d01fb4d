// Who enters a list and who leaves it: written in chunks whose size follows what HubSpot takes
// (hubspot/api.md §5). One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api.hpp"
#include "lists.hpp"
#include "refusals.hpp"
#include "resolution.hpp"

namespace muster::hubspot {

//! What became of one id in a membership write.
struct Written {
  enum class State {
    kChanged,      //!< added, or removed
    kUnchanged,    //!< it was so already
    kUnmentioned,  //!< the answer leaves it out, and nobody has looked yet
    kMissing,      //!< HubSpot knows no such record
    kRejected,     //!< refused, alone
    kRetry,        //!< surely not applied
    kInDoubt,      //!< sent, the answer lost
    kUnaccounted,  //!< the answer says nothing that could be meant for it
    kSkipped,      //!< not tried
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

  //! `written` has one place for each change, kSkipped; record ids must differ. Throws Failure
  //! AUDIENCE_GONE, or when the list is none that can be written to: `written` then tells what was
  //! done by then.
  void write(std::string_view list, const std::vector<Change>& changes, std::span<Written> written);
  //! How many changes are sure to fit one call, whatever was learnt of the size.
  std::size_t one_call() const;
  //! Calls that so many changes take, given one after the other in batches of `batch` at most.
  std::uint64_t calls_for(std::initializer_list<std::uint64_t> changes, std::uint64_t batch) const;

 private:
  //! What is left to do of [begin, end).
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t size() const { return end - begin; }
  };
  struct Writing {
    std::string_view list;
    const std::vector<Change>& changes;
    std::span<Written> written;
    Places unmentioned_adds{};  //!< by the answers so far
    Places unmentioned_removals{};
    bool list_checked = false;  //!< it is one that can be written to
  };
  //! What a call that failed says of its size.
  enum class Failed {
    kForItsSize,  //!< refused for it, or not answered in time
    kPerhaps,     //!< the connection broke
  };
  void write_range(Writing& writing, Range range);
  void write_halves(Writing& writing, Range range);
  void find_culprit(Writing& writing, Range range, const Answer& refusal);
  bool is_last_refused(Writing& writing, const std::string& code);
  void refuse(Writing& writing, std::size_t place, const Answer& refusal);
  void take(Writing& writing, Range range, const Answer& answer);
  void confirm(Writing& writing, const Places& places);
  //! What the records' own lists tell.
  struct Seen {
    Places lost;  //!< whose change was not made, as far as is known
    Written as{Written::State::kUnaccounted, {}, -1};  //!< what is known of it
    bool told = true;                                  //!< else HubSpot did not answer
  };
  Seen look(const Writing& writing, const Places& places, std::span<const std::int64_t> waits_ms);
  Seen look_at_halves(const Writing& writing, const Places& places,
                      std::span<const std::int64_t> waits_ms);
  std::size_t largest() const;
  void succeeded(std::size_t size);
  void failed(std::size_t size, Failed how);

  Api& api_;
  Lists& lists_;
  Refusals refusals_{api_};
  //! HubSpot documents no largest size: so many to begin with, doubled by each success.
  static constexpr std::size_t kFirst = 1'000;
  std::size_t chunk_ = kFirst;
  //! Of what failed, the smallest that has not succeeded since: once may be anything's fault.
  std::size_t suspect_ = SIZE_MAX;
  //! What failed for its size twice is not tried again before many successes.
  std::size_t ceiling_ = SIZE_MAX;
  static constexpr std::size_t kFirstPatience = 16;
  std::size_t patience_ = kFirstPatience;  //!< successes at the ceiling that raise it
  std::size_t at_ceiling_ = 0;             //!< of them, so far
};

}  // namespace muster::hubspot
