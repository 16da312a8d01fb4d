// A cohort as a run sees it: read once, mapped by the destination, keyed, sorted and unique.
// 32 bytes of memory a member, half as much again while they are read; the rest in the spill. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.hpp"
#include "base/member_key.hpp"
#include "cohort/source.hpp"
#include "destination/destination.hpp"
#include "plan/spill.hpp"

namespace muster {

//! One member whose identifier could be mapped.
struct IndexedMember {
  MemberKey key;
  SpillOffset offset = 0;
  //! Fingerprint of its property values; 0 when the sync maps none.
  std::uint64_t properties = 0;
};

//! A row whose canonical identifier an earlier row had.
struct DuplicateRow {
  SpillOffset offset = 0;
  SpillOffset first = 0;  //!< of the row that counts
};

//! What to read and how to map it.
struct CohortMapping {
  Columns columns;
  std::string kind;  //!< of identifier, as the destination names it
  //! At the destination, as columns.properties: values that go elsewhere are other values.
  std::vector<std::string> property_names{};
};

class CohortIndex {
 public:
  //! Called now and then with the rows read so far.
  using OnProgress = std::function<void(std::uint64_t rows, const Source::Progress&)>;

  //! Reads `source` to its end, once more from its beginning when it is lost. Throws Error: what
  //! the source throws, an identifier that the destination does not answer, cancellation
  //! (kInterrupted).
  CohortIndex(Source& source, const Destination& destination, const CohortMapping& mapping,
              const MemberHasher& hasher, Spill& spill, const Cancellation& cancellation,
              const OnProgress& on_progress);

  //! In key order, unique.
  const std::vector<IndexedMember>& members() const noexcept { return members_; }
  //! The member of that key, or nullptr.
  const IndexedMember* find(const MemberKey& key) const noexcept;
  const std::vector<DuplicateRow>& duplicates() const noexcept { return duplicates_; }
  //! Rows that could not be mapped, by reason; each counts as a member.
  const std::map<std::string, std::uint64_t>& rejected() const noexcept { return rejected_; }
  const std::vector<SpillOffset>& rejected_rows() const noexcept { return rejected_rows_; }
  std::uint64_t rows() const noexcept { return rows_; }
  //! Unique members and rejected rows.
  std::uint64_t member_count() const noexcept { return rows_ - duplicates_.size(); }

 private:
  struct Batch;
  void read(Source& source, const Destination& destination, const CohortMapping& mapping,
            const MemberHasher& hasher, Spill& spill, const Cancellation& cancellation,
            const OnProgress& on_progress);
  void map(Batch& batch, const Destination& destination, const CohortMapping& mapping,
           const MemberHasher& hasher, Spill& spill);
  void make_unique();

  std::vector<IndexedMember> members_;
  std::vector<DuplicateRow> duplicates_;
  std::vector<SpillOffset> rejected_rows_;
  std::map<std::string, std::uint64_t> rejected_;
  std::uint64_t rows_ = 0;
};

}  // namespace muster
