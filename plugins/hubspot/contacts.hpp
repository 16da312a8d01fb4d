// Identifiers become contacts: read, or created, in batches of 100, each input accounted for
// (hubspot/api.md §4). Nothing here writes to a contact that exists. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api.hpp"

namespace muster::hubspot {

//! What is known of one identifier.
struct Resolution {
  enum class State {
    kOpen,         //!< not asked yet
    kFound,        //!< `record_id` is the contact
    kMissing,      //!< there is no such contact
    kRejected,     //!< HubSpot refuses it; `detail` is its code
    kUnaccounted,  //!< the answer says nothing of it
    kRetry,        //!< surely nothing happened; `wait_ms` where known
    kInDoubt,      //!< sent, the answer lost
    kSkipped,      //!< not tried
  };
  State state = State::kOpen;
  bool created = false;
  std::string record_id;
  std::string detail;
  std::int64_t wait_ms = -1;
};

//! Whether an address that has no contact gets one.
enum class Creation { kAllowed, kForbidden };

struct Address {
  std::string_view email;  //!< canonical
  Creation creation = Creation::kForbidden;
};

class Contacts {
 public:
  explicit Contacts(Api& api) : api_(api) {}

  //! One result for each address, by the strategy of the settings.
  std::vector<Resolution> resolve(std::span<const Address> addresses);
  //! One result for each contact id: kFound tells the surviving contact of a merged one.
  std::vector<Resolution> read_by_id(std::span<const std::string_view> ids);
  //! Whether a conflict was seen that named no contact: creating first learns nothing then.
  bool conflicts_lack_ids() const noexcept { return conflicts_lack_ids_; }

 private:
  struct Inputs;
  using Places = std::vector<std::size_t>;
  void read(Inputs& inputs, Places places);
  void create(Inputs& inputs, Places places);
  void take_read(Inputs& inputs, const Places& places, Answer& answer);
  void take_created(Inputs& inputs, const Places& places, Answer& answer);
  void take_creation_error(Inputs& inputs, const Places& places, const json::value& error);
  void in_batches(Inputs& inputs, const Places& places, void (Contacts::*send)(Inputs&, Places));
  //! What an answer without results says of all its inputs; true when it says it.
  bool take_whole(Inputs& inputs, const Places& places, const Answer& answer);
  bool prefers_creating() const;

  Api& api_;
  bool conflicts_lack_ids_ = false;
  std::uint64_t asked_ = 0;    //!< addresses read
  std::uint64_t missing_ = 0;  //!< of those, without a contact
  std::uint64_t next_trace_ = 1;
};

}  // namespace muster::hubspot
