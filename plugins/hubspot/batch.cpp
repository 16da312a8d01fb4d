#include "batch.hpp"

#include <algorithm>

namespace muster::hubspot {
namespace {

constexpr std::string_view kUnaccounted = MUSTER_DETAIL_UNACCOUNTED;

}  // namespace

Batch::Batch(const Parts& parts, const muster_sync_request& request, const muster_sync_sink& sink)
    : parts_(parts), request_(request), sink_(sink), by_email_(sdk::view(request.kind) == "email") {
  read_operations();
}

void Batch::read_operations() {
  items_.reserve(request_.operation_count);
  for (std::size_t i = 0; i < request_.operation_count; ++i) {
    const auto& operation = sdk::at(request_.operations, i, request_.operation_stride);
    Item item;
    item.kind = operation.kind;
    item.must_exist = (operation.flags & MUSTER_OPERATION_MUST_EXIST) != 0;
    item.known_record = sdk::view(operation.record_id);
    item.values = {operation.properties, operation.property_count};
    if (by_email_) {
      item.email = sdk::view(operation.identifier);
    } else if (item.known_record.empty()) {
      item.known_record = sdk::view(operation.identifier);
    }
    item.record_id = item.known_record;
    item.step = item.record_id.empty()       ? Item::Step::kFind
                : item.must_exist            ? Item::Step::kConfirm
                : item.kind == MUSTER_UPDATE ? Item::Step::kUpdate
                                             : Item::Step::kWrite;
    items_.push_back(std::move(item));
  }
}

std::span<const muster_text> Batch::property_names() const {
  return {request_.property_names, request_.property_count};
}

void Batch::run() {
  try {
    work();
    parts_.api.throw_if_ended();
  } catch (...) {
    report_rest();
    throw;
  }
  report_rest();
}

void Batch::work() {
  // The list comes before the first contact: a name that is taken must not leave contacts behind.
  const bool will_write = std::any_of(items_.begin(), items_.end(), [](const Item& item) {
    return item.kind == MUSTER_ADD && !item.must_exist;
  });
  const bool has_list = request_.audience_ref.size > 0;
  if (has_list && may_create()) parts_.lists.require(sdk::view(request_.audience_ref));
  if (will_write || has_list) ensure_list();
  prepare_removals();
  confirm_records();
  find_by_email();
  hold_removals();
  write_properties();
  while (any(Item::Step::kWrite) && !parts_.api.ended()) {
    if (list_.empty()) {
      const bool adds = std::any_of(items_.begin(), items_.end(), [](const Item& item) {
        return item.step == Item::Step::kWrite && item.kind == MUSTER_ADD;
      });
      if (adds) ensure_list();
    }
    if (list_.empty()) {
      // No list: nobody is in it.
      for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].step == Item::Step::kWrite) report(i, MUSTER_UNCHANGED);
      }
      return;
    }
    write_memberships();
    find_by_email();
  }
}

void Batch::ensure_list() {
  list_ = parts_.lists.ensure(request_, sink_);
  // Nobody leaves a list that was made a moment ago.
  if (request_.audience_ref.size > 0 || !parts_.lists.has_made(list_)) return;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const bool leaves = items_[i].kind == MUSTER_REMOVE && items_[i].step != Item::Step::kDone;
    if (leaves) report(i, MUSTER_UNCHANGED);
  }
}

bool Batch::any(Item::Step step) const {
  return std::any_of(items_.begin(), items_.end(),
                     [&](const Item& item) { return item.step == step; });
}

bool Batch::may_create(const Item& item) const {
  return (request_.flags & MUSTER_SYNC_CREATE_MISSING) != 0 && item.kind == MUSTER_ADD &&
         !item.must_exist;
}

//! Whether a contact may be created for the batch.
bool Batch::may_create() const {
  return std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
    return item.step == Item::Step::kFind && may_create(item);
  });
}

bool Batch::any_of_kind(std::int32_t kind) const {
  return std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
    return item.kind == kind && item.step != Item::Step::kDone;
  });
}

//! An add by a record id that was merged is another contact's, perhaps one that a removal of the
//! same call takes out: it would leave, and enter again (hubspot/api.md §4.7). So such ids are read
//! before, where that makes all of it one call; else the removals wait for their own.
void Batch::prepare_removals() {
  if (!any_of_kind(MUSTER_REMOVE)) return;
  const auto is_unread = [](const Item& item) {
    return item.kind == MUSTER_ADD && item.step == Item::Step::kWrite;
  };
  if (std::none_of(items_.begin(), items_.end(), is_unread)) return;
  if (items_.size() > parts_.memberships.one_call()) return put_removals_off();
  for (auto& item : items_) {
    if (is_unread(item)) item.step = Item::Step::kConfirm;
  }
}

//! Whoever leaves may be the one whom an add that is still open stands for.
void Batch::hold_removals() {
  if (add_left_open_) put_removals_off();
}

void Batch::put_removals_off() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const bool open = items_[i].step != Item::Step::kDone;
    if (open && items_[i].kind == MUSTER_REMOVE) report(i, MUSTER_RETRY);
  }
}

void Batch::find_by_email() {
  std::vector<std::size_t> places;
  std::vector<Address> addresses;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& item = items_[i];
    if (item.step != Item::Step::kFind) continue;
    places.push_back(i);
    addresses.push_back(
        {item.email, may_create(item) ? Creation::kAllowed : Creation::kForbidden, item.values});
  }
  if (places.empty()) return;
  const auto found = parts_.contacts.resolve(addresses, property_names());
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto& item = items_[places[i]];
    if (!take_resolution(places[i], found[i])) continue;
    item.step = item.kind == MUSTER_UPDATE ? Item::Step::kUpdate : Item::Step::kWrite;
  }
}

//! The mapped properties of members, and nothing else of them.
void Batch::write_properties() {
  std::vector<std::size_t> places;
  std::vector<PropertyWrite> writes;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].step != Item::Step::kUpdate) continue;
    places.push_back(i);
    writes.push_back({items_[i].record_id, items_[i].values});
  }
  if (places.empty()) return;
  const auto written = parts_.properties.write(writes, property_names());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (take_resolution(places[i], written[i])) report(places[i], MUSTER_APPLIED);
  }
}

//! Records that must be known to exist before anything is written.
void Batch::confirm_records() {
  std::vector<std::size_t> places;
  std::vector<std::string_view> ids;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].step != Item::Step::kConfirm) continue;
    places.push_back(i);
    ids.push_back(items_[i].record_id);
  }
  if (places.empty()) return;
  const auto found = parts_.contacts.read_by_id(ids);
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto& item = items_[places[i]];
    if (found[i].state == Resolution::State::kMissing && !item.must_exist && !item.email.empty()) {
      find_anew(item);
    } else if (take_resolution(places[i], found[i])) {
      item.step = Item::Step::kWrite;
    }
  }
}

//! The record that is stored for it is gone; the person may have another, or gets a new one.
void Batch::find_anew(Item& item) {
  item.record_id.clear();
  item.step = Item::Step::kFind;
}

bool Batch::take_resolution(std::size_t index, const Resolution& resolution) {
  auto& item = items_[index];
  switch (resolution.state) {
    case Resolution::State::kFound:
      item.record_id = resolution.record_id;
      item.created = item.created || resolution.created;
      item.values_left_out = item.values_left_out || resolution.values_left_out;
      return true;
    case Resolution::State::kMissing:
      without_record(index);
      return false;
    case Resolution::State::kRejected:
      report(index, MUSTER_ITEM_REJECTED, resolution.detail);
      return false;
    case Resolution::State::kUnaccounted:
      report(index, MUSTER_IN_DOUBT, kUnaccounted);
      return false;
    case Resolution::State::kRetry:
      report(index, MUSTER_RETRY, {}, resolution.wait_ms);
      return false;
    case Resolution::State::kInDoubt:
      // Perhaps a record was made, or written to: nobody entered or left the list by that.
      report(index, item.kind == MUSTER_UPDATE ? MUSTER_IN_DOUBT : MUSTER_RETRY, {},
             resolution.wait_ms);
      return false;
    case Resolution::State::kOpen:
    case Resolution::State::kSkipped:
      break;
  }
  report(index, MUSTER_SKIPPED);
  return false;
}

//! No such contact: then it is in no list either.
void Batch::without_record(std::size_t index) {
  items_[index].record_id.clear();
  report(index, items_[index].kind == MUSTER_REMOVE ? MUSTER_UNCHANGED : MUSTER_NOT_FOUND);
}

void Batch::report(std::size_t index, std::int32_t kind, std::string_view detail,
                   std::int64_t wait_ms) {
  auto& item = items_[index];
  item.step = Item::Step::kDone;
  const bool untouched = kind == MUSTER_RETRY || kind == MUSTER_SKIPPED;
  if (untouched && item.may_be_in && item.kind == MUSTER_ADD) kind = MUSTER_IN_DOUBT;
  const bool open = untouched || kind == MUSTER_IN_DOUBT;
  add_left_open_ = add_left_open_ || (open && item.kind == MUSTER_ADD);
  muster_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  outcome.kind = kind;
  outcome.flags = (item.created ? std::uint32_t{MUSTER_OUTCOME_CREATED} : 0U) |
                  (item.values_left_out ? std::uint32_t{MUSTER_OUTCOME_VALUES_LEFT_OUT} : 0U);
  outcome.retry_after_ms = wait_ms;
  outcome.record_id = sdk::text(item.record_id);
  outcome.detail = sdk::text(detail);
  if (kind == MUSTER_ITEM_REJECTED) outcome.reason = sdk::text("rejected_by_destination");
  sink_.report(sink_.context, index, &outcome);
}

//! What was not reached has a record perhaps, and no outcome yet.
void Batch::report_rest() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].step != Item::Step::kDone) report(i, MUSTER_SKIPPED);
  }
}

}  // namespace muster::hubspot
