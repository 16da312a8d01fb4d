#include "batch.hpp"

#include <algorithm>
#include <unordered_map>

#include "identifiers.hpp"

namespace muster::hubspot {
namespace {

// A record that is merged again and again while we write would keep us here for ever.
constexpr int kMostRounds = 3;
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
  if (will_write || has_list) list_ = parts_.lists.ensure(request_, sink_);
  find_by_email();
  confirm_records();
  write_properties();
  while (any(Item::Step::kWrite) && !parts_.api.ended()) {
    if (list_.empty()) {
      const bool adds = std::any_of(items_.begin(), items_.end(), [](const Item& item) {
        return item.step == Item::Step::kWrite && item.kind == MUSTER_ADD;
      });
      if (adds) list_ = parts_.lists.ensure(request_, sink_);
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

//! Records that must exist before anything is written.
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
    if (take_resolution(places[i], found[i])) items_[places[i]].step = Item::Step::kWrite;
  }
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
      report(index, MUSTER_IN_DOUBT);
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

void Batch::tell_records() const {
  if (sink_.struct_size < MUSTER_SIZE_UP_TO(muster_sync_sink, resolved)) return;
  std::vector<std::size_t> indices;
  std::vector<muster_text> records;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& item = items_[i];
    const bool enters = item.step == Item::Step::kWrite && item.kind == MUSTER_ADD;
    if (!enters || item.record_id == item.known_record) continue;
    indices.push_back(i);
    records.push_back(sdk::text(item.record_id));
  }
  if (indices.empty()) return;
  const auto told = sink_.resolved(sink_.context, indices.data(), records.data(), indices.size());
  if (told == MUSTER_OK) return;
  throw sdk::Failure(MUSTER_CANCELLED, "hubspot.not_written_down",
                     "the host could not write the records down");
}

void Batch::write_memberships() {
  std::vector<Change> changes;
  std::vector<std::vector<std::size_t>> items_of_change;
  std::unordered_map<std::string, std::size_t> change_of_record;
  // Adds come first: of an add and a remove of one record, the add wins.
  for (const auto kind : {MUSTER_ADD, MUSTER_REMOVE}) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      auto& item = items_[i];
      if (item.step != Item::Step::kWrite || item.kind != kind) continue;
      const auto [place, is_new] = change_of_record.try_emplace(item.record_id, changes.size());
      if (is_new) {
        changes.push_back(
            {kind == MUSTER_ADD ? Change::Kind::kAdd : Change::Kind::kRemove, item.record_id});
        items_of_change.emplace_back();
      }
      const bool overruled =
          kind == MUSTER_REMOVE && changes[place->second].kind == Change::Kind::kAdd;
      if (overruled) {
        report(i, MUSTER_UNCHANGED);
      } else {
        items_of_change[place->second].push_back(i);
      }
    }
  }
  if (changes.empty()) return;
  tell_records();
  const auto written = parts_.memberships.write(list_, changes);
  std::vector<std::size_t> missing;
  for (std::size_t c = 0; c < changes.size(); ++c) {
    for (const auto index : items_of_change[c]) {
      auto& item = items_[index];
      // Not known to the lists, or not to be seen in them: under another id, perhaps (§4.7).
      const bool is_lost = written[c].state == Written::State::kMissing ||
                           written[c].state == Written::State::kUnaccounted;
      const bool again = is_lost && ++item.rounds < kMostRounds;
      if (again) {
        missing.push_back(index);
      } else {
        settle(index, written[c]);
      }
    }
  }
  find_survivors(missing);
}

void Batch::settle(std::size_t index, const Written& written) {
  switch (written.state) {
    case Written::State::kChanged:
      return report(index, MUSTER_APPLIED);
    case Written::State::kUnchanged:
      return report(index, MUSTER_UNCHANGED);
    case Written::State::kMissing:
      return without_record(index);
    case Written::State::kRejected:
      return report(index, MUSTER_ITEM_REJECTED, written.detail);
    case Written::State::kRetry:
      return report(index, MUSTER_RETRY, {}, written.wait_ms);
    case Written::State::kInDoubt:
      return report(index, MUSTER_IN_DOUBT);
    case Written::State::kUnaccounted:
      return report(index, MUSTER_IN_DOUBT, kUnaccounted);
    case Written::State::kSkipped:
      return report(index, MUSTER_SKIPPED);
  }
}

//! Ids that HubSpot's lists do not know: merged into another contact, or gone (api.md §4.7).
void Batch::find_survivors(const std::vector<std::size_t>& missing) {
  if (missing.empty()) return;
  std::vector<std::string_view> ids;
  for (const auto index : missing) ids.push_back(items_[index].record_id);
  const auto found = parts_.contacts.read_by_id(ids);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const auto index = missing[i];
    auto& item = items_[index];
    const bool merged =
        found[i].state == Resolution::State::kFound && found[i].record_id != item.record_id;
    const bool stale = found[i].state == Resolution::State::kMissing && item.kind == MUSTER_ADD &&
                       !item.email.empty();
    if (stale) {
      // The stored record is gone; the person may have another, or gets a new one.
      item.record_id.clear();
      item.step = Item::Step::kFind;
    } else if (merged && item.kind == MUSTER_REMOVE) {
      // Another member may be that contact: the host decides with the new id.
      item.record_id = found[i].record_id;
      report(index, MUSTER_RETRY, {}, 0);
    } else if (!merged && found[i].state == Resolution::State::kFound) {
      // It exists, and the list does not take it: later, perhaps.
      report(index, MUSTER_IN_DOUBT, kUnaccounted);
    } else if (take_resolution(index, found[i])) {
      item.step = Item::Step::kWrite;
    }
  }
}

void Batch::report(std::size_t index, std::int32_t kind, std::string_view detail,
                   std::int64_t wait_ms) {
  auto& item = items_[index];
  item.step = Item::Step::kDone;
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
