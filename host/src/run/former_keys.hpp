// Who is who between a change of a sync's identifier in muster.yaml and the next run, which matches
// its members by their records (rekey.hpp): until then the state knows them by the former one.
// Writes nothing. One thread.
#pragma once

#include <optional>
#include <string>

#include "destination/destination.hpp"
#include "state/store.hpp"

namespace muster {

//! Borrows its parts.
class FormerKeys {
 public:
  //! `store`: nullptr where there is no state. `kind` of identifier by which the sync goes today.
  FormerKeys(Store* store, const Destination& destination, const MemberHasher& hasher,
             const SyncRow& sync, std::string kind);

  //! Of the identifier by which the state knows members; empty: the one of today.
  const std::string& kind() const noexcept { return former_kind_; }
  struct Known {
    MemberKey key;
    std::string canonical;
  };
  //! Whom `asked` stands for, an identifier of the former kind in any spelling.
  std::optional<Known> member_of(const std::string& asked) const;
  //! The identifier of today of a member by the former key: known where it is that of the record.
  std::string identifier_today(const MemberKey& former) const;
  //! Under which key the state knows whoever has the record.
  std::optional<MemberKey> key_of_record(const std::string& record_id) const;

 private:
  Store* store_;
  const Destination& destination_;
  const MemberHasher& hasher_;
  SyncId sync_;
  std::string kind_;
  std::string former_kind_;
};

}  // namespace muster
