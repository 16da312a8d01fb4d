// What the tests of the plan share: a cohort from a few values, and rows of the state in memory.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/cohort_index.hpp"
#include "state/store.hpp"
#include "support/idle_destination.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

struct SourceRow {
  std::string source_id;
  std::string identifier;
  std::vector<std::string> properties;
};

class ListedSource final : public Source {
 public:
  explicit ListedSource(std::vector<SourceRow> rows) : rows_(std::move(rows)) {}
  void open(const Columns&) override {}
  std::optional<Member> next() override {
    if (at_ == rows_.size()) return std::nullopt;
    const auto& row = rows_[at_++];
    Member member;
    member.source_id = row.source_id;
    member.identifier = row.identifier;
    member.properties.assign(row.properties.begin(), row.properties.end());
    return member;
  }
  Progress progress() const override { return {at_, rows_.size()}; }
  std::vector<SourceNotice> notices() const override { return {}; }

 private:
  std::vector<SourceRow> rows_;
  std::size_t at_ = 0;
};

//! Maps to lower case; a value with a '!' is rejected. A plan needs nothing else of a destination.
class LowerCaseMapping final : public IdleDestination {
 public:
  std::vector<MappedIdentifier> map_identifiers(
      std::string_view, std::span<const std::string_view> values) const override {
    std::vector<MappedIdentifier> mapped;
    for (const auto value : values) {
      if (value.find('!') != std::string_view::npos) {
        mapped.push_back({{}, "invalid_email"});
        continue;
      }
      std::string canonical(value);
      std::transform(canonical.begin(), canonical.end(), canonical.begin(),
                     [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
      mapped.push_back({canonical, {}});
    }
    return mapped;
  }
};

//! A cohort read from rows, with all that it refers to.
class Cohort {
 public:
  explicit Cohort(std::vector<SourceRow> rows)
      : source_(std::move(rows)),
        index_(source_, destination_, CohortMapping{{}, "email"}, hasher(), spill_, cancellation_,
               {}) {}
  //! Members known by their identifier alone.
  static Cohort of(const std::vector<std::string>& identifiers) {
    std::vector<SourceRow> rows;
    for (const auto& identifier : identifiers) rows.push_back({{}, identifier, {}});
    return Cohort(std::move(rows));
  }
  static MemberHasher hasher() { return MemberHasher(MemberHasher::Secret{}); }
  static MemberKey key(std::string_view canonical) { return hasher().key("email", canonical); }

  const CohortIndex& index() const { return index_; }
  SpilledMember read(SpillOffset offset) { return spill_.read(offset); }

 private:
  TempDir directory_;
  Spill spill_{directory_.path()};
  ListedSource source_;
  LowerCaseMapping destination_;
  Cancellation cancellation_;
  CohortIndex index_;
};

//! Rows of the state, handed out in key order.
class ListedRows final : public MemberCursor {
 public:
  explicit ListedRows(std::vector<MemberRow> rows) : rows_(std::move(rows)) {
    std::sort(rows_.begin(), rows_.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
  }
  bool next(MemberRow& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  std::vector<MemberRow> rows_;
  std::size_t at_ = 0;
};

inline MemberRow row_of(std::string_view canonical, MemberState state, std::string record = {}) {
  MemberRow row;
  row.key = Cohort::key(canonical);
  row.state = state;
  row.record_id = std::move(record);
  return row;
}

inline MemberRow dropped_row(std::string_view canonical, std::string reason, std::uint32_t attempts,
                             std::optional<Instant> last_try) {
  auto row = row_of(canonical, MemberState::kDropped);
  row.reason = std::move(reason);
  row.attempts = attempts;
  row.last_try = last_try;
  return row;
}

}  // namespace muster::testing
