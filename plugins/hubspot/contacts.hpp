// Identifiers become contacts: read, or created, in batches of 100, each input accounted for
// (hubspot/api.md §4). Nothing here writes to a contact that exists. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"
#include "strategy.hpp"

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
  bool values_left_out = false;  //!< created without a value that HubSpot refuses
  std::string record_id;
  std::string detail;
  std::int64_t wait_ms = -1;
};

//! Whether an address that has no contact gets one.
enum class Creation { kAllowed, kForbidden };

struct Address {
  std::string_view email;  //!< canonical
  Creation creation = Creation::kForbidden;
  //! Of a contact that is created, in the order of the names; empty ones are left out.
  std::span<const muster_text> values;
};

class Contacts {
 public:
  explicit Contacts(Api& api) : api_(api), strategy_(api.settings().resolve) {}

  //! One result for each address, by the strategy of the settings. `properties` are the names of
  //! the addresses' values.
  std::vector<Resolution> resolve(std::span<const Address> addresses,
                                  std::span<const muster_text> properties = {});
  //! One result for each contact id: kFound tells the surviving contact of a merged one.
  std::vector<Resolution> read_by_id(std::span<const std::string_view> ids);

  Strategy& strategy() noexcept { return strategy_; }

 private:
  struct Inputs;
  using Places = std::vector<std::size_t>;
  void read(Inputs& inputs, Places places);
  void create(Inputs& inputs, Places places);
  void ask_alone(Inputs& inputs, const Places& places);
  void take_read(Inputs& inputs, const Places& places, const Answer& answer);
  void take_created(Inputs& inputs, const Places& places, const Answer& answer,
                    std::int64_t sent_ms);
  void doubt(const Inputs& inputs, const Places& places, std::int64_t sent_ms);
  void settle_doubt(const Inputs& inputs, std::size_t place);
  void take_doubted(Inputs& inputs, std::size_t place, const json::value& contact);
  //! `status`: of an answer that is an error as a whole; 0 for an entry of one. True when it is to
  //! be created again, without the value that was refused.
  bool take_creation_error(Inputs& inputs, std::size_t place, const json::value& error,
                           int status = 0);
  //! True when the answer says the same of all of them.
  static bool take_whole(Inputs& inputs, const Places& places, const Answer& answer);
  void in_batches(Inputs& inputs, const Places& places, void (Contacts::*send)(Inputs&, Places));
  //! Each half anew: what was refused as a whole for one of its inputs is found in O(log n) calls.
  void in_halves(Inputs& inputs, const Places& places, void (Contacts::*send)(Inputs&, Places));

  Api& api_;
  Strategy strategy_;
  //! Addresses whose creation was sent without an answer that tells of it.
  struct Doubted {
    std::int64_t sent_ms = 0;
    bool values_left_out = false;
  };
  std::map<std::string, Doubted, std::less<>> doubted_;
};

//! The code that stands for a refusal in a report: HubSpot's own, never its text.
std::string refusal_code(const ErrorFacts& facts, int status = 0);

}  // namespace muster::hubspot
