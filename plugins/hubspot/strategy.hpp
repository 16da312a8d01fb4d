// Whether e-mail addresses are looked for first or created first: which costs fewer calls, as
// far as the account has shown (hubspot/api.md §4.3, §4.4). Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "settings.hpp"

namespace muster::hubspot {

class Strategy {
 public:
  //! So many addresses are resolved before the strategy is looked at again.
  static constexpr std::size_t kLookedAtFirst = 300;

  explicit Strategy(Resolve chosen) : chosen_(chosen) {}

  //! Creating first costs one call for each 100 whatever the mix, as long as conflicts name the
  //! contact that exists; reading first costs another call for each 100 that are missing.
  bool creates_first() const noexcept;
  //! Addresses were read, and so many of them had no contact.
  void saw(std::uint64_t asked, std::uint64_t missing) noexcept;
  //! So many creations met a contact that exists, and were told which, or not (§4.4).
  void saw_conflicts(std::uint64_t with_id, std::uint64_t without_id) noexcept;
  //! A conflict refused a whole batch.
  void saw_batch_refused() noexcept;

  //! Calls that so many addresses take, of which so many have no contact. `creates`: they get one.
  std::uint64_t calls_for(std::uint64_t adds, std::uint64_t missing, bool creates) const noexcept;

  //! What the next run should know: figures and flags, nothing of people.
  std::string memory() const;
  //! Takes up what `memory` gave, at the begin of a run; anything else is ignored. What is known of
  //! conflicts counts half as much in each run: after some without a conflict it is seen anew.
  void recall(std::string_view memory);

 private:
  //! Half of the conflicts or more name no contact: as a rule, creating first learns nothing.
  bool conflicts_lack_ids() const noexcept;

  Resolve chosen_;
  std::uint64_t named_ = 0;     //!< conflicts that named the contact
  std::uint64_t nameless_ = 0;  //!< conflicts that did not
  std::uint64_t asked_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t asked_now_ = 0;  //!< of them, in this run
  std::uint64_t missing_now_ = 0;
};

}  // namespace muster::hubspot
