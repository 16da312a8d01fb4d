// The membership writes of a batch: which records enter the list and which leave it, and what
// becomes of ids that the lists do not know.
#include <unordered_map>
#include <utility>

#include "batch.hpp"

namespace muster::hubspot {
namespace {

// A record that is merged again and again while we write would keep us here for ever.
constexpr int kMostRounds = 3;

}  // namespace

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
  std::vector<std::pair<std::size_t, std::size_t>> overruled;  // removals, by adds
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
      if (kind == MUSTER_REMOVE && changes[place->second].kind == Change::Kind::kAdd) {
        overruled.emplace_back(i, place->second);
      } else {
        items_of_change[place->second].push_back(i);
      }
    }
  }
  if (changes.empty()) return;
  tell_records();
  std::vector<Written> written(changes.size());
  try {
    parts_.memberships.write(list_, changes, written);
  } catch (...) {
    for (std::size_t c = 0; c < changes.size(); ++c) {
      for (const auto index : items_of_change[c]) settle_unfinished(index, written[c]);
    }
    throw;
  }
  for (const auto& [index, change] : overruled) {
    const auto state = written[change].state;
    const bool stays = state == Written::State::kChanged || state == Written::State::kUnchanged;
    report(index, stays ? MUSTER_UNCHANGED : MUSTER_RETRY);
  }
  std::vector<std::size_t> missing;
  for (std::size_t c = 0; c < changes.size(); ++c) {
    for (const auto index : items_of_change[c]) {
      auto& item = items_[index];
      // Not known to the lists, or not to be seen in them: under another id, perhaps (§4.7).
      const bool is_lost = written[c].state == Written::State::kMissing ||
                           written[c].state == Written::State::kUnaccounted;
      const bool again = is_lost && ++item.rounds < kMostRounds;
      if (again) {
        item.may_be_in = item.may_be_in || written[c].state == Written::State::kUnaccounted;
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
    case Written::State::kUnmentioned:
    case Written::State::kInDoubt:
      return report(index, MUSTER_IN_DOUBT, {}, written.wait_ms);
    case Written::State::kUnaccounted:
      return report(index, MUSTER_IN_DOUBT, MUSTER_DETAIL_UNACCOUNTED);
    case Written::State::kSkipped:
      return report(index, MUSTER_SKIPPED);
  }
}

void Batch::settle_unfinished(std::size_t index, Written written) {
  // Under which record it may be found, nobody has asked yet.
  if (written.state == Written::State::kMissing) written.state = Written::State::kRetry;
  settle(index, written);
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
      find_anew(item);
    } else if (merged && item.kind == MUSTER_REMOVE) {
      // Another member may be that contact: the host decides with the new id.
      item.record_id = found[i].record_id;
      report(index, MUSTER_RETRY, {}, 0);
    } else if (!merged && found[i].state == Resolution::State::kFound) {
      // It exists, and the list does not take it: later, perhaps.
      report(index, MUSTER_IN_DOUBT, MUSTER_DETAIL_UNACCOUNTED);
    } else if (take_resolution(index, found[i])) {
      item.step = Item::Step::kWrite;
    }
  }
}

}  // namespace muster::hubspot
