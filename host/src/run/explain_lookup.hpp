// What explain asks of the destination about a person's records. Each question has patience, and
// none goes to another account than the sync's: there the ids are other people's.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "run/explain.hpp"
#include "run/patience.hpp"

namespace muster {

//! Borrows what it is made of. What asks throws Error: kInterrupted when the user ends it, else why
//! the destination could not be asked.
class ExplainLookup {
 public:
  //! `sync`: without an id while it never ran.
  ExplainLookup(const ExplainContext& context, const SyncRules& rules, const SyncRow& sync);

  //! Whether a record can be followed to the one that it was merged into.
  bool can_follow() const;

  //! Throws Error when the connection is not ready, or is to another account. Each question below
  //! asks it first.
  void require_account();
  //! The record that an identifier of the sync's kind has; empty: none.
  std::string record_of(std::string_view canonical);
  //! The record of a text that is an identifier of another kind than the sync's; empty: none.
  std::string record_by_another_kind(std::string_view text);
  //! What became of a record: itself, or the one that it was merged into; empty: it is gone.
  std::string survivor_of(std::string_view record_id);
  //! Whom the state has by a record that was merged into this one.
  std::vector<MemberKey> members_merged_into(const std::string& record_id);
  //! Which of these records the audience holds now: none where it is gone.
  std::set<std::uint64_t> in_audience(const std::set<std::uint64_t>& wanted);

 private:
  void check_going() const;
  std::uint64_t listed() const;
  std::string look_up(std::string_view kind, std::string_view identifier);

  const ExplainContext& context_;
  const SyncRules& rules_;
  const SyncRow& sync_;
  Patience patience_;
  bool account_is_ours_ = false;  //!< it was asked
};

}  // namespace muster
