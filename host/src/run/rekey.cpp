#include "run/rekey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "run/record_lookup.hpp"
#include "run/record_number.hpp"

namespace muster {
namespace {

//! A member of the cohort by its record.
struct Claim {
  std::uint64_t record = 0;
  std::size_t place = 0;  //!< in the cohort's members
  bool taken = false;
};

std::vector<Claim> claims_of(const RekeyParts& parts, const std::string& kind) {
  const auto& members = parts.cohort.members();
  const bool are_records = is_record_kind(parts.destination, kind);
  std::vector<Claim> claims;
  const auto identifier = [&](std::size_t i) {
    return parts.spill.read(members[i].offset).identifier;
  };
  const auto claim = [&](std::size_t i, const std::string& record) {
    if (!record.empty()) claims.push_back({record_number(record), i, false});
  };
  if (are_records) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      claim(i, identifier(i));
      if (i % 10'000 == 0 && parts.on_progress) parts.on_progress(i, members.size());
    }
  } else {
    look_up_each({parts.destination, parts.patience, kind}, members.size(), identifier, claim,
                 [&](std::size_t done) {
                   if (parts.on_progress) parts.on_progress(done, members.size());
                 });
  }
  std::sort(claims.begin(), claims.end(), [](const auto& a, const auto& b) {
    return a.record != b.record ? a.record < b.record : a.place < b.place;
  });
  return claims;
}

//! Rows of a vector between those of another cursor, in key order.
class Merged final : public MemberCursor {
 public:
  Merged(std::unique_ptr<MemberCursor> inner, std::vector<MemberKey> hidden,
         std::vector<MemberRow> rows)
      : inner_(std::move(inner)), hidden_(std::move(hidden)), rows_(std::move(rows)) {
    advance();
  }
  bool next(MemberRow& row) override {
    const bool from_rows = at_ < rows_.size() && (!has_inner_ || rows_[at_].key < waiting_.key);
    if (from_rows) {
      row = rows_[at_++];
      return true;
    }
    if (!has_inner_) return false;
    row = waiting_;
    advance();
    return true;
  }

 private:
  void advance() {
    do {
      has_inner_ = inner_->next(waiting_);
    } while (has_inner_ && std::binary_search(hidden_.begin(), hidden_.end(), waiting_.key));
  }

  std::unique_ptr<MemberCursor> inner_;
  std::vector<MemberKey> hidden_;
  std::vector<MemberRow> rows_;
  std::size_t at_ = 0;
  MemberRow waiting_;
  bool has_inner_ = false;
};

}  // namespace

bool identifier_changed(const SyncRow& sync, const std::string& kind) {
  return !sync.identifier_kind.empty() && sync.identifier_kind != kind;
}

Error with_identifier_change(const Error& stopped, const SyncRow& sync, const std::string& kind) {
  if (!identifier_changed(sync, kind)) return stopped;
  return Error(stopped.kind(), stopped.code(),
               fmt::format("{}; members are identified as {} now, no longer as {}",
                           stopped.message(), kind, sync.identifier_kind))
      .at(stopped.where())
      .with_hint(stopped.hint());
}

bool is_record_kind(const Destination& destination, const std::string& kind) {
  const auto& kinds = destination.descriptor().kinds;
  return std::any_of(kinds.begin(), kinds.end(),
                     [&](const auto& known) { return known.id == kind && known.is_record; });
}

std::vector<Rekeyed> find_rekeyed(const RekeyParts& parts, SyncId sync, const std::string& kind) {
  if (!is_record_kind(parts.destination, kind) && !parts.destination.supports(MUSTER_LOOKUP_1)) {
    return {};
  }
  auto claims = claims_of(parts, kind);
  const auto& members = parts.cohort.members();
  std::vector<Rekeyed> rekeyed;
  const auto rows = parts.store.members(sync);
  MemberRow row;
  while (rows->next(row)) {
    // A row with the key of a member is known by the new identifier: a rekeying that was cut short.
    if (row.record_id.empty() || parts.cohort.find(row.key) != nullptr) continue;
    const auto record = record_number(row.record_id);
    auto claim = std::lower_bound(claims.begin(), claims.end(), record,
                                  [](const auto& a, auto number) { return a.record < number; });
    for (; claim != claims.end() && claim->record == record; ++claim) {
      const auto& member = members[claim->place];
      if (claim->taken || parts.store.member(sync, member.key)) continue;
      claim->taken = true;
      rekeyed.push_back({row.key, member.key, member.offset});
      break;
    }
  }
  std::sort(rekeyed.begin(), rekeyed.end(),
            [](const auto& a, const auto& b) { return a.to < b.to; });
  return rekeyed;
}

std::optional<MemberRow> rekeyed_member(Store& store, SyncId sync,
                                        const std::vector<Rekeyed>& rekeyed, const MemberKey& key) {
  if (auto row = store.member(sync, key)) return row;
  const auto found = std::lower_bound(rekeyed.begin(), rekeyed.end(), key,
                                      [](const auto& a, const auto& k) { return a.to < k; });
  if (found == rekeyed.end() || found->to != key) return std::nullopt;
  return store.member(sync, found->from);
}

std::unique_ptr<MemberCursor> rekeyed_members(Store& store, SyncId sync,
                                              const std::vector<Rekeyed>& rekeyed) {
  if (rekeyed.empty()) return store.members(sync);
  std::vector<MemberKey> hidden;
  std::vector<MemberRow> rows;
  for (const auto& change : rekeyed) {
    auto row = store.member(sync, change.from);
    if (!row) continue;
    hidden.push_back(change.from);
    row->key = change.to;
    rows.push_back(std::move(*row));
  }
  std::sort(hidden.begin(), hidden.end());
  return std::make_unique<Merged>(store.members(sync), std::move(hidden), std::move(rows));
}

}  // namespace muster
