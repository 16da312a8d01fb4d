// The creation of a list, as it was announced: what tells a list that came of it from one of the
// same name that someone else made. Kept in the connection's secrets until the list is known. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "account_day.hpp"

namespace muster::hubspot {

class Announcement {
 public:
  //! Of a creation that follows a look at `now`, at which there was no such list.
  explicit Announcement(Moment now) : first_(now), latest_(now) {}

  //! It is announced once more.
  void repeat(Moment now) { latest_ = now; }
  //! Whether a list that was made at `created_ms`, by HubSpot's clock, can have come of it.
  bool can_have_made(std::int64_t created_ms) const;

  std::string stored() const;
  //! Nothing: `text` is no announcement.
  static std::optional<Announcement> of(std::string_view text);

 private:
  Moment first_;
  Moment latest_;
};

}  // namespace muster::hubspot
