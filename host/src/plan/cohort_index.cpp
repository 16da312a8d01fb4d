#include "plan/cohort_index.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "plan/mapping.hpp"

namespace muster {
namespace {

constexpr std::size_t kMapBatch = 1024;

}  // namespace

//! Rows between the source and the mapping; texts lie end to end in one buffer.
struct CohortIndex::Batch {
  struct Row {
    std::size_t source_id, identifier, properties, end;
    std::vector<std::size_t> property_ends;
  };
  std::string text;
  std::vector<Row> rows;

  void add(const Member& member) {
    Row row;
    row.source_id = text.size();
    text += member.source_id;
    row.identifier = text.size();
    text += member.identifier;
    row.properties = text.size();
    for (const auto property : member.properties) {
      text += property;
      row.property_ends.push_back(text.size());
    }
    row.end = text.size();
    rows.push_back(std::move(row));
  }
  std::string_view source_id(const Row& row) const {
    return std::string_view(text).substr(row.source_id, row.identifier - row.source_id);
  }
  std::string_view identifier(const Row& row) const {
    return std::string_view(text).substr(row.identifier, row.properties - row.identifier);
  }
  std::vector<std::string_view> properties(const Row& row) const {
    std::vector<std::string_view> values;
    std::size_t begin = row.properties;
    for (const auto end : row.property_ends) {
      values.push_back(std::string_view(text).substr(begin, end - begin));
      begin = end;
    }
    return values;
  }
  void clear() {
    text.clear();
    rows.clear();
  }
};

namespace {

//! A fingerprint that is never 0, keyed so that the state can't be searched for known values.
std::uint64_t fingerprint(const MemberHasher& hasher, const std::vector<std::string>& names,
                          const std::vector<std::string_view>& properties) {
  if (properties.empty()) return 0;
  std::string joined;
  const auto append = [&](std::string_view text) {
    joined += std::to_string(text.size());
    joined += ':';
    joined += text;
  };
  for (const auto value : properties) append(value);
  for (const auto& name : names) append(name);
  const auto key = hasher.key("properties", joined);
  std::uint64_t number = 0;
  std::memcpy(&number, key.bytes.data(), sizeof number);
  return number == 0 ? 1 : number;
}

}  // namespace

CohortIndex::CohortIndex(Source& source, const Destination& destination,
                         const CohortMapping& mapping, const MemberHasher& hasher, Spill& spill,
                         const Cancellation& cancellation, const OnProgress& on_progress) {
  constexpr int kMostTries = 3;
  for (int tries = 1;; ++tries) {
    try {
      read(source, destination, mapping, hasher, spill, cancellation, on_progress);
      break;
    } catch (const SourceLost& lost) {
      if (tries == kMostTries) throw Error(lost);
      // Half a cohort is none (promise 6).
      members_.clear();
      rejected_rows_.clear();
      rejected_.clear();
      rows_ = 0;
    }
  }
  make_unique();
}

void CohortIndex::read(Source& source, const Destination& destination, const CohortMapping& mapping,
                       const MemberHasher& hasher, Spill& spill, const Cancellation& cancellation,
                       const OnProgress& on_progress) {
  source.open(mapping.columns);
  Batch batch;
  for (;;) {
    const auto member = source.next();
    if (member) {
      ++rows_;
      batch.add(*member);
    }
    if (member && batch.rows.size() < kMapBatch) continue;
    map(batch, destination, mapping, hasher, spill);
    batch.clear();
    if (cancellation.requested()) {
      throw Error(ErrorKind::kInterrupted, "run.interrupted",
                  "interrupted while reading the source");
    }
    if (on_progress) on_progress(rows_, source.progress());
    if (!member) break;
  }
}

void CohortIndex::map(Batch& batch, const Destination& destination, const CohortMapping& mapping,
                      const MemberHasher& hasher, Spill& spill) {
  std::vector<std::string_view> values;
  values.reserve(batch.rows.size());
  for (const auto& row : batch.rows) values.push_back(batch.identifier(row));
  const auto mapped = map_values(destination, mapping.kind, values);
  for (std::size_t i = 0; i < mapped.size(); ++i) {
    const auto& row = batch.rows[i];
    const auto properties = batch.properties(row);
    if (mapped[i].canonical.empty()) {
      rejected_rows_.push_back(
          spill.append(batch.source_id(row), values[i], mapped[i].reason, properties));
      ++rejected_[mapped[i].reason];
      continue;
    }
    members_.push_back({hasher.key(mapping.kind, mapped[i].canonical),
                        spill.append(batch.source_id(row), mapped[i].canonical, {}, properties),
                        fingerprint(hasher, mapping.property_names, properties)});
  }
}

void CohortIndex::make_unique() {
  std::sort(members_.begin(), members_.end(), [](const auto& a, const auto& b) {
    return a.key != b.key ? a.key < b.key : a.offset < b.offset;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (kept > 0 && members_[kept - 1].key == members_[i].key) {
      duplicates_.push_back({members_[i].offset, members_[kept - 1].offset});
      continue;
    }
    members_[kept++] = members_[i];
  }
  members_.resize(kept);
  std::sort(duplicates_.begin(), duplicates_.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
}

const IndexedMember* CohortIndex::find(const MemberKey& key) const noexcept {
  const auto found =
      std::lower_bound(members_.begin(), members_.end(), key,
                       [](const auto& member, const auto& k) { return member.key < k; });
  return found != members_.end() && found->key == key ? &*found : nullptr;
}

}  // namespace muster
