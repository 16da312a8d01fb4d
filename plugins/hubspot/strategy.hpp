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
  //! A conflict named no contact: creating first learns nothing from this account.
  void saw_conflict_without_id() noexcept { conflicts_lack_ids_ = true; }
  void saw_conflict_with_id() noexcept { conflicts_lack_ids_ = false; }

  //! Calls that so many addresses take, of which so many have no contact. `creates`: they get one.
  std::uint64_t calls_for(std::uint64_t adds, std::uint64_t missing, bool creates) const noexcept;

  //! What the next run should know: figures and flags, nothing of people.
  std::string memory() const;
  //! Takes up what `memory` gave; anything else is ignored.
  void recall(std::string_view memory);

 private:
  Resolve chosen_;
  bool conflicts_lack_ids_ = false;
  std::uint64_t asked_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace muster::hubspot
