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
#include "resolution.hpp"
#include "strategy.hpp"

namespace muster::hubspot {

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
  void read(Inputs& inputs, Places places);
  void create(Inputs& inputs, Places places);
  void ask_rest(Inputs& inputs, const Places& places);
  void ask_parts(Inputs& inputs, const Places& places);
  void ask_again(Inputs& inputs, const Places& places);
  static Places left_out(const Inputs& inputs, const Places& places);
  void take_read(Inputs& inputs, const Places& places, const Answer& answer);
  void take_created(Inputs& inputs, const Places& places, const Answer& answer, const Moment& sent);
  void doubt(const Inputs& inputs, const Places& places, const Moment& sent);
  void settle_doubt(const Inputs& inputs, std::size_t place);
  bool is_doubted(const Inputs& inputs, std::size_t place) const;
  void take_doubted(Inputs& inputs, std::size_t place, const json::value& contact);
  //! `status`: of an answer that is an error as a whole; 0 for an entry of one. True when it is to
  //! be created again, without the value that was refused.
  bool take_creation_error(Inputs& inputs, std::size_t place, const json::value& error,
                           int status = 0);
  void read_all(Inputs& inputs, const Places& places);
  void create_all(Inputs& inputs, const Places& places);

  //! One input alone was refused.
  static void refuse(Inputs& inputs, std::size_t place, const Answer& answer);

  Api& api_;
  Strategy strategy_;
  //! Addresses whose creation was sent without an answer that tells of it.
  struct Doubted {
    Moment sent;
    bool values_left_out = false;
  };
  std::map<std::string, Doubted, std::less<>> doubted_;
};

}  // namespace muster::hubspot
