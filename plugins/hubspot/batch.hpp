// One batch of operations on one list: identifiers become contacts, contacts become members, each
// operation gets one outcome. Lives for one `sync` call.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "contacts.hpp"
#include "lists.hpp"
#include "memberships.hpp"
#include "property_writer.hpp"

namespace muster::hubspot {

class Batch {
 public:
  struct Parts {
    Api& api;
    Contacts& contacts;
    Lists& lists;
    Memberships& memberships;
    PropertyWriter& properties;
  };
  Batch(const Parts& parts, const muster_sync_request& request, const muster_sync_sink& sink);

  //! Reports each operation once, also when it throws Failure for the whole call.
  void run();
  //! The list's id, once it is known.
  const std::string& list() const noexcept { return list_; }

 private:
  struct Item {
    std::int32_t kind = MUSTER_ADD;
    bool must_exist = false;
    std::string email;                    //!< where the identifier is one
    std::string record_id;                //!< where it is known
    std::string_view known_record;        //!< as the host named it; the host's, for the call
    std::span<const muster_text> values;  //!< of the properties; the host's, for the call
    bool created = false;
    bool values_left_out = false;  //!< created without all of them
    int rounds = 0;                //!< how often its membership was written
    bool may_be_in = false;        //!< one of those writes may have taken effect
    enum class Step { kFind, kConfirm, kWrite, kUpdate, kDone } step = Step::kFind;
  };

  void read_operations();
  std::span<const muster_text> property_names() const;
  void work();
  void ensure_list();
  bool may_create(const Item& item) const;
  bool may_create() const;
  bool any_of_kind(std::int32_t kind) const;
  void prepare_removals();
  void hold_removals();
  void put_removals_off();
  void find_by_email();
  void confirm_records();
  static void find_anew(Item& item);
  void write_memberships();
  //! Tells the host the records that it does not know, before they enter the list.
  void tell_records() const;
  void write_properties();
  void settle(std::size_t index, const Written& written);
  //! The outcome of a change whose batch was not written to its end.
  void settle_unfinished(std::size_t index, Written written);
  void find_survivors(const std::vector<std::size_t>& missing);
  void without_record(std::size_t index);
  bool any(Item::Step step) const;
  //! False when it has an outcome now.
  bool take_resolution(std::size_t index, const Resolution& resolution);

  void report(std::size_t index, std::int32_t kind, std::string_view detail = {},
              std::int64_t wait_ms = -1);
  void report_rest();

  Parts parts_;
  const muster_sync_request& request_;
  const muster_sync_sink& sink_;
  bool by_email_ = true;
  std::string list_;
  std::vector<Item> items_;
  bool add_left_open_ = false;  //!< an add has an outcome that is not final
};

}  // namespace muster::hubspot
